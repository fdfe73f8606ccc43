// The life of a message between its two people, from sending to recall, and what somebody outside is asked for.
import assert from "node:assert/strict";
import { test } from "node:test";
import { check, sendNow, written } from "./check.mjs";
import { attached } from "./mails.mjs";
import { until } from "./node.mjs";
import { people, press, saved, withNode } from "./setup.mjs";

const DESK = { width: 1280, height: 800 }, PHONE = { width: 360, height: 740 };
let node, browser;

withNode((...made) => { [node, browser] = made; }, { prepare: (made) => {
  made.run("definition", "set", "Default", "--save", "yes");
  made.run("account", "set", "undo_seconds", "0");
} });

for (const [name, options] of [["scripts on", { viewport: DESK }], ["scripts off, on a phone", { javaScriptEnabled: false, viewport: PHONE }]]) {
  const verify = options.javaScriptEnabled === false ? async () => {} : check;

  test(`a message is read, extended and recalled: ${name}`, async () => {
    const who = name === "scripts on" ? "carol.life" : "carol.phone", carol = `${who}@partner.example`;
    const { alice, outside, foreign } = await people(node, browser, who, options);
    await node.send("alice@acme.example", [carol], attached(carol, "dave@partner.example"));
    const link = await node.link(carol);
    await alice.goto(`${node.url}/sent`);
    await press(alice, alice.locator(".row > a").first());
    const message = alice.url().split("?")[0];
    const states = () => alice.locator(".recipient-states").first().innerText();
    assert.match(await states(), /Notification sent/);
    assert.doesNotMatch(await states(), /Read|Signed in/);

    // The recipient reads it, and takes all files, and the whole message, along.
    const page = await outside.newPage();
    await outside.signIn(page, link.split("/").at(-1), carol);
    assert.match(await page.locator("main").innerText(), /forty-two/);
    const [zip, bytes] = await saved(page, page.locator("a[href$='/files.zip']"));
    assert.match(zip, /\.zip$/);
    assert.equal(bytes.subarray(0, 2).toString(), "PK");
    const [eml, mail] = await saved(page, page.locator("a[href$='/message.eml']"));
    assert.match(eml, /\.eml$/);
    assert.match(mail.toString(), /forty-two/);
    await alice.reload();
    for (const sign of [/Link opened/, /Signed in/, /Read/, /Download of offer\.pdf/, /Whole message saved/])
      assert.match(await states(), sign);
    await verify(alice, "what is known of a recipient");

    // Once later, and not once more.
    await press(alice, alice.locator("a[href$='/extend']"));
    const field = alice.locator("#until"), latest = await field.getAttribute("max");
    await field.fill(latest);
    await press(alice, alice.locator("form.write button.primary"));
    assert.match(await alice.locator("main").innerText(), /Extended/);
    assert.equal(await alice.locator("a[href$='/extend']").count(), 0);
    await verify(alice, "extended");
    await alice.goto(`${message}/extend`);
    assert.match(await alice.locator("main").innerText(), /once|administrator/i);
    await verify(alice, "already extended");

    await alice.goto(`${message}/recall`);
    await alice.locator("textarea[name=reason]").fill("It names the wrong price.");
    await press(alice, alice.locator("button[name=whole]"));
    assert.match(await alice.locator("main").innerText(), /Recalled/);
    await verify(alice, "recalled");
    await page.reload();
    const told = await page.locator("main").innerText();
    assert.match(told, /Alice Adams/);
    assert.match(told, /wrong price/);
    assert.doesNotMatch(await page.content(), /forty-two/);
    await page.goto(`${node.url}/inbox`);
    assert.equal(await page.locator("main .row").count(), 0);
    assert.deepEqual(foreign, []);
    await page.context().close();
    await alice.context().close();
  });

  test(`somebody outside is asked for a file and sends it: ${name}`, async () => {
    const who = name === "scripts on" ? "dora" : "dora.phone", dora = `${who}@partner.example`;
    const { alice, outside, foreign } = await people(node, browser, who, options);
    await alice.goto(`${node.url}/requests/new`);
    await alice.locator("input[name=to]").fill(dora);
    await alice.locator("input[name=purpose]").fill("The signed contract");
    await press(alice, alice.locator("form.write button.primary"));
    const link = (await node.newest(dora, "request", 1)).match(/https:\/\/\S+\/m\/[0-9a-z]+/)[0];
    const page = await outside.newPage();
    await outside.signIn(page, link.split("/").at(-1), dora);
    assert.match(await page.locator("main").innerText(), /The signed contract/);
    await verify(page, "what is asked for");
    await page.locator(".words:visible").fill("Here it is.");
    await page.locator("input[type=file]").setInputFiles({ name: "contract.txt", mimeType: "text/plain", buffer: Buffer.from("signed") });
    await press(page, page.locator("button[value=save]"));
    await page.waitForURL(/saved=1/);
    await page.goto(`${node.url}/drafts`);
    await press(page, page.locator("main .row > a"));
    await verify(page, "a draft of what is sent");
    const [kept, draft] = await saved(page, page.locator("p.kept a"));
    assert.deepEqual([kept, draft.toString()], ["contract.txt", "signed"]);
    node.run("account", "set", "undo_seconds", "10");
    await press(page, page.locator("form.write button.primary"));
    await page.waitForURL(/leaving/);
    await press(page, page.locator("form[action$='/undo'] button"));
    assert.equal((await written(page)).trim(), "Here it is.");
    await press(page, page.locator("form.write button.primary"));
    await sendNow(page);
    node.run("account", "set", "undo_seconds", "0");
    await until(async () => {
      await alice.goto(`${node.url}/inbox`);
      return (await alice.locator("main .row").count()) > 0;
    }, "the answer in Alice's Inbox");
    await press(alice, alice.locator("main .row > a").first());
    assert.match(await alice.locator("main").innerText(), /Here it is\./);
    const [file, content] = await saved(alice, alice.locator("a[href*='/file/'][download], a.file-get").first());
    assert.deepEqual([file, content.toString()], ["contract.txt", "signed"]);
    await alice.goto(`${node.url}/requests`);
    assert.match(await alice.locator("main").innerText(), /1 answer/);
    assert.deepEqual(foreign, []);
    await page.context().close();
    await alice.context().close();
  });
}

for (const [name, options] of [["scripts on", { viewport: DESK }], ["scripts off, on a phone", { javaScriptEnabled: false, viewport: PHONE }]])
  test(`somebody from outside deletes the own account: ${name}`, async () => {
    const who = name === "scripts on" ? "carol.goes" : "carol.leaves", carol = `${who}@partner.example`;
    const { alice, outside, foreign } = await people(node, browser, who, options);
    await node.send("alice@acme.example", [carol], attached(carol, "dave@partner.example"));
    const link = await node.link(carol), page = await outside.newPage();
    await outside.signIn(page, link.split("/").at(-1), carol);
    await page.goto(`${node.url}/settings`);
    await press(page, page.locator("main a[href='/settings/delete']"));
    // The browser asks for the tick itself, and nothing is gone without it.
    await page.locator("button.danger").click();
    assert.match(page.url(), /\/settings\/delete$/);
    await page.locator("#sure").check();
    await press(page, page.locator("button.danger"));
    await page.waitForURL(/\/sign-in\?deleted=1/);
    assert.match(await page.locator("main").innerText(), /Your account is deleted/);
    if (options.javaScriptEnabled !== false) await check(page, "the account is deleted");
    await page.goto(`${node.url}/inbox`);
    assert.match(page.url(), /\/sign-in/);
    await alice.goto(`${node.url}/sent`);
    await press(alice, alice.locator(".row > a").first());
    assert.match(await alice.locator(".recipient-states").first().innerText(), /Account deleted by the person/);
    assert.deepEqual(foreign, []);
    await page.context().close();
    await alice.context().close();
  });
