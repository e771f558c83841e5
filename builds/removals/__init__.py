"""Resources taken out of a rendered site, file by file, without rendering anything. Leans on builds.pages, builds.search and builds.feeds.

It goes by what the site itself says, since the tables may describe another state of it. What is
left is rough (a list may be empty, a number one too high) and lasts until the next build.
"""
