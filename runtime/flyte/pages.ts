/**
 * Lists that a cluster gives in pages.
 * @module
 */

/** How many rows are asked for at once; flyteadmin takes more, and its answers then outgrow a message. */
export const PAGE_ROWS = 100;

/** Every page there is, each asked for when the one before has been looked at. @throws whatever `list` rejects with. */
export async function* pagesOf<Page extends { readonly token: string }>(
  list: (token: string) => Promise<Page>,
): AsyncGenerator<Page> {
  let token = "";
  do {
    const page = await list(token);
    yield page;
    token = page.token;
  } while (token !== "");
}
