// Passkeys, with Chromium's virtual authenticator: made in Settings, signed in by, and refused to others.
import assert from "node:assert/strict";
import { test } from "node:test";
import { check } from "./check.mjs";
import { signInAlice, withNode } from "./setup.mjs";

let node, browser;

withNode((...made) => { [node, browser] = made; }, { host: "localhost" });

async function open(transport = "internal") {
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  context.setDefaultTimeout(20_000);
  const page = await context.newPage();
  const cdp = await context.newCDPSession(page);
  await cdp.send("WebAuthn.enable");
  const { authenticatorId } = await cdp.send("WebAuthn.addVirtualAuthenticator", { options: {
    protocol: "ctap2", transport, hasResidentKey: true, hasUserVerification: true, isUserVerified: true } });
  return { page, cdp, authenticatorId };
}

// The device's own, and a security key.
for (const transport of ["internal", "usb"]) test(`a passkey is made in Settings and signs in afterwards: ${transport}`, async () => {
  const { page, cdp, authenticatorId } = await open(transport);
  await signInAlice(node, page);
  await page.goto(`${node.url}/settings/passkeys`);
  await page.locator("#name").fill("My laptop");
  await page.locator("form[data-passkey] button").click();
  await page.waitForURL(/done=added/);
  assert.match(await page.locator(".note").innerText(), /passkey is added/);
  assert.match(await page.locator(".places").innerText(), /My laptop/);
  const { credentials } = await cdp.send("WebAuthn.getCredentials", { authenticatorId });
  assert.equal(credentials.length, 1);

  await page.locator("form[action='/sign-out'] button").first().click();
  await page.waitForURL(/sign-in/);
  await page.locator("form[data-passkey] button").click();
  await page.waitForURL(/inbox/);
  await page.goto(`${node.url}/settings/passkeys`);
  assert.match(await page.locator(".places").innerText(), /used/);
  await page.locator(".places button").click();
  await page.waitForURL(/done=removed/);
  assert.match(await page.locator(".note").innerText(), /passkey is removed/);
  await page.locator("form[action='/sign-out'] button").first().click();
  await page.waitForURL(/sign-in/);
  await page.locator("form[data-passkey] button").click();
  await page.locator(".problem").waitFor(); // it was removed
});

test("without a verified person nothing is signed in", async () => {
  const { page, cdp, authenticatorId } = await open();
  await signInAlice(node, page);
  await page.goto(`${node.url}/settings/passkeys`);
  await page.locator("form[data-passkey] button").click();
  await page.waitForURL(/done=added/);
  await cdp.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: false });
  await page.locator("form[action='/sign-out'] button").first().click();
  await page.waitForURL(/sign-in/);
  await page.locator("form[data-passkey] button").click();
  await page.locator(".passkey-problem:not([hidden])").waitFor();
});

test("later a passkey shows who it is before something changes, and what was begun goes on", async () => {
  const { page } = await open();
  await signInAlice(node, page);
  await page.goto(`${node.url}/settings/passkeys`);
  await page.locator("form[data-passkey] button").click();
  await page.waitForURL(/done=added/);
  await page.goto(`${node.url}/settings/password`);
  await page.locator("#password").fill("seventeen blue herons");
  node.moveClock(11 * 60_000);
  await page.locator("form[action='/settings/password'] button").click();
  await page.locator("form[action='/prove/passkey'] button").click();
  await page.waitForURL(/settings\?saved=1/);
  await page.goto(`${node.url}/settings/passkeys`);
  assert.match(page.url(), /settings\/passkeys$/);
  await page.locator(".places button").first().click(); // for the tests that follow
  await page.waitForURL(/done=removed/);
  await page.goto(`${node.url}/settings/password`);
  await page.locator("#password").fill("correct horse battery");
  await page.locator("form[action='/settings/password'] button").click();
  await page.waitForURL(/settings\?saved=1/);
});

test("without scripts no passkey is offered that could not be made", async () => {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, javaScriptEnabled: false });
  const page = await context.newPage();
  await signInAlice(node, page);
  await page.goto(`${node.url}/settings/passkeys`);
  assert.equal(await page.locator("form[data-passkey]").count(), 1);
  assert.equal(await page.locator("form[data-passkey]").isVisible(), false);
  assert.match(await page.locator("main").innerText(), /your browser must run scripts/);
  await context.close();
});

// Apart: looking with axe takes the virtual authenticator away from a page.
test("axe finds nothing where passkeys are offered", async () => {
  const { page } = await open();
  await page.goto(`${node.url}/sign-in`);
  await page.locator("form[data-passkey]").waitFor();
  await check(page, "sign-in with passkeys");
  await signInAlice(node, page);
  await page.goto(`${node.url}/settings/passkeys`);
  await page.locator("form[data-passkey]").waitFor();
  await check(page, "passkeys");
});
