// What the tests of every file begin with.
import { after, before } from "node:test";
import { launch } from "./check.mjs";
import { SealpostNode } from "./node.mjs";

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
