// What the tests of every file begin with.
import { after, before } from "node:test";
import { launch, watchForeign } from "./check.mjs";
import { SealpostNode } from "./node.mjs";
import { Walk } from "./pages.mjs";

/** Has a node and a browser for all tests of a file; `use` gets them before the first one, `prepare` the node. */
export function withNode(use, { prepare = () => {}, ...options } = {}) {
  let node, browser;
  before(async () => {
    node = await new SealpostNode(options).start();
    prepare(node);
    browser = await launch();
    use(node, browser);
  });
  after(async () => {
    await browser?.close();
    await node?.stop();
  });
}

/** Alice signs in by her password. */
export async function signInAlice(node, page) {
  await page.goto(`${node.url}/sign-in`);
  await page.locator("input[name=address]").fill("alice@acme.example");
  await page.locator("form[action='/sign-in'] button").click();
  await page.locator("input[name=password]").fill("correct horse battery");
  await page.locator("form[action='/sign-in/password'] button").click();
  await page.waitForURL(/inbox/);
}

/** A page of Alice's and one of somebody outside; what they ask for elsewhere is put into `foreign`. */
export async function people(node, browser, who, options) {
  const foreign = [];
  const outside = new Walk(node, browser, () => {}, { who, reducedMotion: "reduce", ...options });
  outside.onContext = (context) => watchForeign(context, node, foreign);
  const alice = await outside.newPage();
  await signInAlice(node, alice);
  return { alice, outside, foreign };
}

/** The name and the bytes of what a link saves. */
export async function saved(page, locator) {
  const [download] = await Promise.all([page.waitForEvent("download"), locator.click()]);
  const chunks = [];
  for await (const chunk of await download.createReadStream()) chunks.push(chunk);
  return [download.suggestedFilename(), Buffer.concat(chunks)];
}

export const press = (page, locator) => Promise.all([page.waitForEvent("domcontentloaded"), locator.click()]);
