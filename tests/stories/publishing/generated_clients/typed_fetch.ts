// The types of openapi-typescript with the client of openapi-fetch.
import createClient from "openapi-fetch";
import type { paths } from "./made/schema";
import { asked, nextCursor, tell } from "./asked";

const ghost = createClient<paths>({
  baseUrl: asked.url,
  headers: { Authorization: `Bearer ${asked.token}` },
});

const made = await ghost.POST("/api/resources", {
  body: { title: "Made", magnet_uri: asked.magnet, category_id: asked.category },
});
if (!made.data || !("id" in made.data)) throw new Error(JSON.stringify(made.error));
const path = { resource_id: made.data.id };

const ids: number[] = [];
let cursor: number | undefined;
do {
  const page = await ghost.GET("/api/resources", { params: { query: { limit: 2, cursor } } });
  if (!page.data) throw new Error(JSON.stringify(page.error));
  ids.push(...page.data.map((row) => row.id));
  cursor = nextCursor(page.response);
} while (cursor !== undefined);

const patched = await ghost.PATCH("/api/resources/{resource_id}", {
  params: { path },
  body: { title: "Patched", published_at: null },
});
if (!patched.data) throw new Error(JSON.stringify(patched.error));

const refused = await ghost.GET("/api/resources/{resource_id}", {
  params: { path: { resource_id: 999_999_999 } },
});
tell({ ids, patched: patched.data, refused: refused.error?.status });
