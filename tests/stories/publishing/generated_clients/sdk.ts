// The client of @hey-api/openapi-ts.
import { client } from "./made/sdk/client.gen";
import { resourceCreate, resourceList, resourcePatch, resourceRead } from "./made/sdk/sdk.gen";
import { asked, nextCursor, tell } from "./asked";

client.setConfig({ baseUrl: asked.url, auth: () => asked.token });

const made = await resourceCreate({
  body: { title: "Made", magnet_uri: asked.magnet, category_id: asked.category },
});
if (!made.data || !("id" in made.data)) throw new Error(JSON.stringify(made.error));
const path = { resource_id: made.data.id };

const ids: number[] = [];
let cursor: number | undefined;
do {
  const page = await resourceList({ query: { limit: 2, cursor } });
  if (!page.data || !page.response) throw new Error(JSON.stringify(page.error));
  ids.push(...page.data.map((row) => row.id));
  cursor = nextCursor(page.response);
} while (cursor !== undefined);

const patched = await resourcePatch({ path, body: { title: "Patched", published_at: null } });
if (!patched.data) throw new Error(JSON.stringify(patched.error));

const refused = await resourceRead({ path: { resource_id: 999_999_999 } });
tell({ ids, patched: patched.data, refused: refused.error?.status });
