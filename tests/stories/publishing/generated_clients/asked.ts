// What both programs are asked to do, and how they tell of it.
declare const process: { env: Record<string, string> };
const env = process.env as Record<string, string>;

export const asked = {
  url: env.GHOST_URL,
  token: env.GHOST_TOKEN,
  magnet: env.GHOST_MAGNET,
  category: Number(env.GHOST_CATEGORY),
};

export function nextCursor(response: Response): number | undefined {
  const next = /<([^>]*)>; rel="next"/.exec(response.headers.get("link") ?? "");
  return next ? Number(new URL(next[1]).searchParams.get("cursor")) : undefined;
}

export function tell(told: { ids: number[]; patched: { id: number; title: string; published_at: string | null }; refused?: number }) {
  const { id, title, published_at } = told.patched;
  console.log(JSON.stringify({ ids: told.ids, id, title, published_at, refused: told.refused }));
}
