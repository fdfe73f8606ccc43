// Every page and state of the portal, one after the other, in one language: for axe, for the weight of pages, and for
// the pictures of the documents.
import { attached, forwarded, html, htmlOf, text } from "./mails.mjs";
import { until } from "./node.mjs";

const HOUR = 3_600_000;

/** Presses the form's button and waits for the page it leads to. */
const submit = (page, action) => Promise.all(
  [page.waitForEvent("domcontentloaded"), page.locator(`form[action$='${action}'] button`).first().click()]);

/** The people and definitions that the mails need. */
export function prepareNode(node) {
  node.run("account", "set", "recall_thread", "yes");
  node.run("user", "add", "bob@acme.example", "--name", "Bob Brown");
  node.run("definition", "add", "with code", "--access-code", "yes");
  node.run("definition", "add", "no printing", "--print", "no", "--expire-days", "10");
  node.run("definition", "add", "second factor", "--second-factor", "yes");
}

/** Shows each page to look(name, page). The contexts it opens take `options`; of addresses `who` is the beginning. */
export class Walk {
  constructor(node, browser, look, { who = "carol", ...options } = {}) {
    Object.assign(this, { node, browser, look, options });
    this.carol = `${who}@partner.example`;
    this.dave = `${who}.dave@partner.example`;
    this.codes = 0;
  }

  async newPage() {
    const context = await this.browser.newContext({ ignoreHTTPSErrors: true, ...this.options });
    await this.onContext?.(context);
    return context.newPage();
  }

  async see(name, page, path) {
    if (path) await page.goto(path.startsWith("/") ? this.node.url + path : path);
    await this.look(name, page);
  }

  /** A mail of ours, as a program with HTML shows it in a page of its own. */
  async seeMail(name, mail) {
    const page = await this.newPage();
    await page.setContent(htmlOf(mail).replace("</body>", "</main></body>")
      .replace(/<body[^>]*>/, '$&<main><h1 style="position:absolute;clip-path:inset(50%)">Mail</h1>'));
    await this.see(`mail-${name}`, page);
  }

  /** Mail for Carol, each of its kind; their identifiers by name. */
  async prepare() {
    const { node, carol, dave } = this;
    const ids = {};
    const mails = [
      ["coded", [carol], text(carol, "Bids [secure:with code]", "The lowest bid is the third.")],
      ["guarded", [carol], text(carol, "Contract [secure:second factor]", "Between us.")],
      ["forwarded", [carol], forwarded(carol)],
      ["old", [carol], text(carol, "Minutes of Monday [secure]", "Here are the minutes.")],
      ["locked", [carol], text(carol, "Salaries 2027 [secure:no printing]", "For your eyes only.")],
      ["letter", [carol], html(carol)],
      ["offer", [carol, dave], attached(carol, dave)],
    ];
    for (const [index, [name, to, mail]] of mails.entries()) {
      await node.send("alice@acme.example", to, mail);
      ids[name] = (await node.link(carol, index + 1)).split("/").at(-1);
    }
    this.ids = ids;
  }

  async signIn(page, id, address = this.carol) {
    await page.goto(`${this.node.url}/m/${id}`);
    await submit(page, "/code");
    await this.enterCode(page, address);
  }

  async enterCode(page, address = this.carol) {
    this.codes += 1;
    await page.locator("input[name=code]").fill(await this.node.code(address, this.codes));
    await submit(page, "/sign-in/code");
  }

  async door() {
    const { node, ids } = this;
    const page = await this.newPage();
    await this.see("link", page, `/m/${ids.offer}`);
    await submit(page, "/code");
    await this.see("code", page);
    await page.locator("input[name=code]").fill("1234 5678");
    await submit(page, "/sign-in/code");
    await this.see("code-wrong", page);
    const elsewhere = await this.newPage();
    await elsewhere.goto(`${node.url}/sign-in/code?link=${ids.offer}`);
    await elsewhere.locator("input[name=code]").fill(await node.code(this.carol, this.codes + 1));
    await submit(elsewhere, "/sign-in/code");
    await this.see("code-other-browser", elsewhere);
    await elsewhere.goto(`${node.url}/m/${ids.old}`);
    await submit(elsewhere, "/not-mine");
    await this.see("link-not-mine", elsewhere);
    await this.see("check", elsewhere, "/check");
    await elsewhere.locator("#code").fill("abcd");
    await submit(elsewhere, "/check");
    await this.see("check-wrong", elsewhere);
    await elsewhere.locator("#code").fill("abcd-efgh-jkmn");
    await submit(elsewhere, "/check");
    await this.see("check-unknown", elsewhere);
    const notification = await node.newest(this.carol, "notification", 1);
    await elsewhere.locator("#code").fill(notification.match(/\b[0-9a-z]{4}-[0-9a-z]{4}-[0-9a-z]{4}\b/)[0]);
    await submit(elsewhere, "/check");
    await this.see("check-genuine", elsewhere);
    await this.seeMail("notification", notification);
    await this.see("sign-in", elsewhere, "/sign-in");
    await elsewhere.locator("#address").fill("nobody@-");
    await elsewhere.locator("#address").evaluate((field) => { field.type = "text"; }).catch(() => {});
    await submit(elsewhere, "/sign-in");
    await this.see("sign-in-wrong", elsewhere);
    await elsewhere.locator("#address").fill(this.carol);
    await submit(elsewhere, "/sign-in");
    await this.see("sign-in-how", elsewhere);
    await elsewhere.locator("input[name=password]").fill("not my password");
    await submit(elsewhere, "/sign-in/password");
    await this.see("sign-in-password-wrong", elsewhere);
    await this.enterCode(page);
    await this.see("message-first", page);
    return page;
  }

  async reader(page) {
    const { node, ids } = this;
    await this.see("inbox", page, "/inbox");
    await this.see("inbox-filtered", page, "/inbox?show=files&sort=who");
    await page.locator(".orders summary").click();
    await this.see("inbox-orders", page);
    await page.keyboard.press("?");
    await this.see("keys", page);
    await this.see("inbox-none", page, "/inbox?show=files,soon");
    await this.see("message", page, `/message/${ids.offer}`);
    await this.see("message-html", page, `/message/${ids.letter}`);
    await this.see("message-forwarded", page, `/message/${ids.forwarded}`);
    await page.locator("a.file-open").click();
    await this.see("attached-mail", page);
    await page.locator("a.file-open").first().click();
    await page.locator("article img").evaluate((image) => image.decode());
    await this.see("preview", page);
    await page.locator(".back a").click();
    await page.locator("a.file-open").last().click();
    await this.see("preview-text", page);
    await page.goto(`${node.url}/message/${ids.offer}`);
    await page.locator("a.file-open").first().click();
    await this.see("preview-cannot", page);
    await this.see("access-code", page, `/message/${ids.coded}`);
    await page.locator("input[name=code]").fill("nearly right");
    await submit(page, "/access-code");
    await this.see("access-code-wrong", page);
    await this.see("error-access-code", page, `/message/${ids.coded}/print`);
    await this.see("message-locked", page, `/message/${ids.locked}`);
    // Nothing at all runs in a document of a message, so what looks at it looks at a copy.
    const printed = await page.request.get(`${node.url}/message/${ids.offer}/print`, { headers: { "Accept-Language": this.options.locale ?? "en" } });
    const copy = await this.newPage();
    await copy.setContent(await printed.text());
    await this.see("print", copy);
    await this.see("sent-empty", page, "/sent");
    await this.see("reply", page, `/message/${ids.offer}/reply-all`);
    await page.locator("form.write button.primary").click();
    await this.see("reply-problem", page);
    node.run("account", "set", "undo_seconds", "60");
    await page.locator(".words:visible").fill("We take it.\n\nPlease send the contract to Dave as well.");
    await page.locator("form.write button.primary").click();
    await page.waitForURL(/leaving/);
    await this.see("leaving", page);
    node.run("account", "set", "undo_seconds", "10");
    await submit(page, "/undo");
    await this.see("reply-undone", page);
    await page.locator("form.write button.primary").click();
    await page.locator("form[action$='/now'] button").click();
    await page.waitForURL(/sent=1/);
    await this.see("message-sent", page);
    await this.see("sent", page, "/sent");
    await this.see("settings", page, "/settings");
    await page.locator("input[name=conversations]").check();
    await submit(page, "/settings/views");
    await this.see("conversations", page, "/sent");
    await this.see("conversation", page, `/message/${ids.offer}`);
    await this.see("conversations-by-address", page, "/inbox?show=files&sort=who");
    await page.goto(`${node.url}/settings`);
    const dates = page.locator("select[name=dates]");
    await dates.selectOption({ index: (await dates.locator("option").count()) - 1 });
    await submit(page, "/settings/choices");
    await this.see("settings-saved", page);
    node.run("account", "set", "export", "yes");
    await this.see("export", page, "/settings/export");
    node.run("account", "set", "export", "no");
    await this.see("addresses", page, "/settings/addresses");
    await page.locator("#address").fill("bob@acme.example");
    await submit(page, "/settings/addresses");
    await this.see("addresses-problem", page);
    await page.locator("#address").fill(`also-${this.carol}`);
    await submit(page, "/settings/addresses");
    await this.see("address-code", page);
    await this.selfDelete(page);
    await this.see("sessions", page, "/settings/sessions");
    await this.see("passkeys", page, "/settings/passkeys");
    await this.see("password", page, "/settings/password");
    await page.locator("input[name=password]").fill("password1234");
    await submit(page, "/settings/password");
    await this.see("password-problem", page);
    await page.locator("input[name=password]").fill("seventeen blue herons");
    await submit(page, "/settings/password");
    await this.see("error-second-factor", page, `/message/${ids.guarded}`);
    await this.factor(page);
    await this.see("link-password", await this.newPage(), `/m/${ids.offer}`);
    await this.see("error-not-found", page, `/message/${"0".repeat(26)}`);
    await this.see("error-denied", page, "/compose");
    node.run("account", "set", "outsiders_may_write", "writers");
    await this.see("compose-outside", page, "/compose");
    await page.locator("input[name=to]").fill("bob@acme.example");
    await page.locator(".words:visible").fill("May we come on Monday?");
    await page.locator("form.write button.primary").click();
    await this.see("compose-outside-problem", page);
    node.run("account", "set", "outsiders_may_write", "off");
    await this.see("error-denied-print", page, `/message/${ids.locked}/print`);
    await this.see("error-method", page, "/sign-out");
    await page.goto(`${node.url}/message/${ids.offer}/reply`);
    await page.locator(".words:visible").fill("A text that must not be lost.");
    const kept = page.context();
    const cookies = await kept.cookies();
    await kept.clearCookies({ name: /session$/ });
    await page.locator("form.write button.primary").click();
    await page.locator(".sign").waitFor();
    await this.see("error-session-ended", page);
    await kept.addCookies(cookies);
    await page.goto(`${node.url}/message/${ids.offer}/reply`);
    await page.locator(".words:visible").fill("A text that is kept sealed.");
    node.sql("UPDATE session SET used_at = used_at - 7200000");
    await page.locator("form.write button.primary").click();
    await page.locator(".sign").waitFor();
    await this.see("error-session-kept", page);
    node.sql("UPDATE session SET used_at = used_at + 7200000");
    await this.see("sign-in-ended", await this.newPage(), "/sign-in?ended=1");
    const old = await this.newPage();
    await old.goto(`${node.url}/sign-in`);
    await old.locator("#address").fill(this.carol);
    await old.context().clearCookies();
    await submit(old, "/sign-in");
    await this.see("error-form-old", old);
    await old.goto(`${node.url}/m/${ids.letter}`);
    for (let i = 0; i < 8 && !(await old.locator(".problem").count()); i++) {
      await old.goto(`${node.url}/m/${ids.letter}`);
      await submit(old, "/code");
    }
    await this.see("link-too-often", old);
  }

  /** The second factor: set up, asked for, and removed again. */
  async factor(page) {
    await this.see("second-factor", page, "/settings/second-factor");
    await submit(page, "/second-factor/new");
    await this.see("second-factor-new", page);
    await page.locator("input[name=code]").fill("000000");
    await submit(page, "/confirm");
    await this.see("second-factor-wrong", page);
    const secret = (await page.locator("details strong").textContent()).replaceAll(" ", "");
    await page.locator("input[name=code]").fill(this.node.totp(secret));
    await submit(page, "/confirm");
    await this.see("recovery-codes", page);
    const codes = await page.locator(".codes code").allTextContents();
    await this.see("second-factor-set", page, "/settings/second-factor");
    await this.proof(page);
    const other = await this.newPage();
    await other.goto(`${this.node.url}/sign-in`);
    await other.locator("#address").fill(this.carol);
    await submit(other, "/sign-in");
    await other.locator("input[name=password]").fill("seventeen blue herons");
    await submit(other, "/sign-in/password");
    await this.see("sign-in-second-factor", other);
    await other.locator("input[name=code]").fill(codes[1]);
    await other.locator("input[name=remember]").check();
    await submit(other, "/second-factor");
    await this.see("sessions-others", page, "/settings/sessions");
    await page.goto(`${this.node.url}/settings/second-factor`);
    await page.locator("input[name=code]").fill(codes[0]);
    await Promise.all([page.waitForEvent("domcontentloaded"), page.locator("button[name=remove]").click()]);
    await this.see("second-factor-removed", page);
  }

  /** What deleting the own account means, and what is missing on the way there. */
  async selfDelete(page) {
    await this.see("self-delete", page, "/settings/delete");
    await page.locator("#sure").evaluate((box) => { box.required = false; }).catch(() => {});
    if (await page.locator("#sure").evaluate((box) => box.required).catch(() => true)) return;
    await submit(page, "/settings/delete");
    await this.see("self-delete-problem", page);
  }

  /** Who it is, shown anew before a change. */
  async proof(page) {
    await this.see("prove", page, "/prove?next=/settings/passkeys");
    await page.locator("input[name=password]").fill("seventeen herons");
    await page.locator("input[name=factor]").fill("000000");
    await submit(page, "/prove/password");
    await this.see("prove-wrong", page);
    await submit(page, "/prove/send-code");
    this.codes += 1;
    await this.see("prove-code", page);
    await page.locator("input[name=code]").fill("1234 5678");
    await page.locator("input[name=factor]").fill("000000");
    await submit(page, "/prove/code");
    await this.see("prove-code-wrong", page);
  }

  async ended(page) {
    const { node, ids } = this;
    const of = "WHERE id = (SELECT message_id FROM copy WHERE hex(id) = upper(?))";
    node.sql(`UPDATE message SET recalled_at = sent_at + 60000 ${of}`, idHex(ids.old));
    await this.see("error-recalled", page, `/message/${ids.old}`);
    node.sql(`UPDATE message SET expires_at = sent_at + 1 ${of}`, idHex(ids.locked));
    await this.see("error-expired", page, `/message/${ids.locked}`);
    await this.see("link-ended", await this.newPage(), `/m/${ids.locked}`);
    await this.see("inbox-ended", page, "/inbox");
    const row = (await page.locator(`.row a[href$='${ids.old}']`).innerText());
    if (!row.includes("alice@acme.example")) throw new Error(`a recalled message says nothing of its sender: ${row}`);
  }

  /** By the box above each page, and what it leads to. */
  async searching(page) {
    await this.see("search", page, "/search");
    await page.goto(`${this.node.url}/inbox`);
    await page.locator("form.search input[type=search]").fill("offer");
    await page.locator("form.search button").click();
    await this.see("search-found", page);
    if (page.url().includes("offer")) throw new Error("what was searched for is in the address");
    if (!(await page.locator("main .row").count())) throw new Error("nothing was found");
    await page.locator("#q").fill("unheard-of");
    await page.locator("input[name=files]").check();
    await page.locator("form.panel button").click();
    await page.locator("main .empty").waitFor();
    await this.see("search-nothing", page);
  }

  /** To Deleted from the list and from a message, and away for good. */
  async deleting(page) {
    const { node, ids } = this;
    await this.see("deleted-empty", page, "/deleted");
    await page.goto(`${node.url}/message/${ids.letter}`);
    await submit(page, "/delete");
    await this.see("inbox-deleted", page);
    await page.locator(".row-box input").first().check();
    await page.locator("form.choosing button").first().click();
    await page.waitForURL(/told=deleted/);
    await this.see("deleted", page, "/deleted");
    await this.see("message-deleted", page, `/message/${ids.letter}`);
    await page.locator("button[formaction='/destroy']").click();
    await this.see("destroy", page);
    await page.locator("form.panel button").click();
    await page.waitForURL(/told=destroyed/);
    await this.see("deleted-destroyed", page);
    await this.see("error-deleted", page, `/message/${ids.letter}`);
    await page.goto(`${node.url}/deleted`);
    await page.locator(".row-box input").first().check();
    await submit(page, "/restore");
  }

  async signInAlice(page) {
    await page.goto(`${this.node.url}/sign-in`);
    await page.locator("input[name=address]").fill("alice@acme.example");
    await submit(page, "/sign-in");
    await page.locator("input[name=password]").fill("correct horse battery");
    await submit(page, "/sign-in/password");
  }

  async sender() {
    const { node } = this;
    const page = await this.newPage();
    await this.signInAlice(page);
    await this.see("sender-sent", page, "/sent");
    await page.locator("main a[href^='/message/']").first().click();
    await this.see("sender-message", page);
    await this.again(page);
    await this.commands(page);
    await page.goto(`${node.url}/sent`);
    await page.locator("main a[href^='/message/']", { hasText: "Bids" }).first().click();
    await page.locator(".access-code summary").click();
    await this.see("sender-access-code", page);
    await this.see("compose", page, "/compose");
    await page.locator("input[name=to]").fill("bob.elsewhere.example");
    await page.locator("input[name=subject]").fill("Lunch");
    await page.locator(".words:visible").fill("At noon?");
    await page.locator("form.write button.primary").click();
    await this.see("compose-problem", page);
    await page.locator("button[value=save]").click();
    await this.see("compose-draft", page);
    await page.locator("input[name=to]").fill("caro1@partner.example");
    await page.locator(".words:visible").fill("The plan is attached.");
    await page.locator("form.write button.primary").click();
    await this.see("compose-check", page);
    await this.see("drafts", page, "/drafts");
    await this.newer(page);
    await this.requests(page);
    await this.summary(page);
    await this.see("self-delete-internal", page, "/settings/delete");
    await page.goto(`${node.url}/inbox`);
    await submit(page, "/sign-out");
    await this.see("signed-out", page);
  }

  /** A draft that another page has saved since. */
  async newer(page) {
    const save = async (one, words) => {
      await one.locator(".words:visible").fill(words);
      await Promise.all([one.waitForEvent("domcontentloaded"), one.locator("button[value=save]").click()]);
    };
    await page.goto(`${this.node.url}/compose`);
    await save(page, "At noon.");
    const other = await page.context().newPage();
    await other.goto(page.url());
    await save(other, "At one.");
    await other.close();
    await save(page, "At two.");
    await page.locator(".newer:visible").waitFor();
    await this.see("compose-newer", page);
  }

  /** The daily mail about what Alice sent, and its end. */
  async summary(page) {
    const { node } = this;
    const before = node.mails("alice@acme.example", "summary").length;
    node.run("account", "set", "sender_notices", "daily");
    const missed = `missed.${this.carol}`;
    await node.send("alice@acme.example", [missed], text(missed, "Missed [secure]", "Hello."));
    const id = idHex((await node.link(missed)).split("/").at(-1));
    const its = "(SELECT message_id FROM copy WHERE hex(id) = upper(?))";
    await until(() => !node.run("queue", "list").includes(missed), "the notification to be done");
    node.sql(`UPDATE delivery SET state = 3 WHERE kind = 2 AND message_id = ${its}`, id);
    node.sql(`UPDATE message SET failed_at = 1 WHERE id = ${its}`, id);
    node.sql("UPDATE person SET summary_day = 0");
    await this.see("settings-sender", page, "/settings");
    const mail = await node.newest("alice@acme.example", "summary", before + 1);
    await this.seeMail("summary", mail);
    const other = await this.newPage();
    await this.see("summary", other, mail.match(/List-Unsubscribe: <(https:[^>]+)>/)[1]);
    await submit(other, new URL(other.url()).pathname);
    await this.see("summary-stopped", other);
    node.sql("UPDATE person SET no_summary = 0");
    node.run("account", "set", "sender_notices", "each");
  }

  /** Alice asks Carol, who answers. */
  async requests(page) {
    const { node, carol } = this;
    await this.see("requests", page, "/requests");
    await this.see("request-new", page, "/requests/new");
    await page.locator("input[name=to]").fill("bob@acme.example");
    await page.locator("input[name=purpose]").fill("The signed contract");
    await page.locator("form.write button.primary").click();
    await this.see("request-new-problem", page);
    await page.locator("input[name=to]").fill(carol);
    await page.locator("form.write button.primary").click();
    await this.see("requests-made", page);
    const mail = await node.newest(carol, "request", 1);
    const link = mail.match(/https:\/\/\S+\/m\/[0-9a-z]+/)[0];
    const other = await this.newPage();
    await this.see("request-link", other, link);
    await submit(other, "/not-mine");
    await this.see("request-not-mine", other);
    await this.see("requests-known", page, "/requests");
    const answer = this.reading;
    await this.see("request", answer, link);
    await answer.locator(".words:visible").fill("Here is the contract. Please tell me when you have it.");
    await answer.locator("input[type=file]").setInputFiles({ name: "contract.txt", mimeType: "text/plain", buffer: Buffer.from("signed") });
    await answer.locator("button[value=save]").click();
    await answer.waitForURL(/saved=1/);
    await this.see("request-draft", answer);
    await submit(page, "/close");
    await this.see("request-ended", answer, answer.url());
  }

  /** The message that is open, once more. */
  async again(page) {
    const message = page.url();
    await page.locator(".again summary").click();
    await this.see("again", page);
    await submit(page, "/again");
    await this.see("again-draft", page);
    await page.goto(`${message}/correct?address=${this.dave}`);
    await this.see("correct", page);
    await page.locator("input[name=right]").fill(this.dave);
    await page.locator("form.write button").click();
    await this.see("correct-problem", page);
    await page.goto(message);
  }

  /** What a sender may still do with the message that is open. */
  async commands(page) {
    const message = page.url();
    await this.see("extend", page, `${message}/extend`);
    await page.locator("form.write").evaluate((form) => { form.noValidate = true; }); // the control takes no earlier end
    await page.locator("#until").fill("2026-01-01T10:00");
    await page.locator("form.write button").click();
    await this.see("extend-problem", page);
    await this.see("recall", page, `${message}/recall`);
    await page.locator("form.write .verbs button").nth(1).click();
    await this.see("recall-problem", page);
    await page.locator("input[name=from][value='" + this.carol + "']").check();
    await page.locator("textarea[name=reason]").fill("It names the wrong price.");
    await page.locator("form.write .verbs button").nth(1).click();
    await this.see("sender-recalled-from-one", page);
    await this.see("error-recalled-why", this.reading, `/message/${this.ids.offer}`);
    await page.goto(`${message}/recall`);
    await page.locator("input[name=quotes]").check();
    await page.locator("form.write .verbs button").first().click();
    await page.waitForURL(/told=/);
    await this.see("sender-recalled-thread", page);
    await this.reading.goto(`${this.node.url}/sent`);
    await this.reading.locator("main .row a").first().click();
    await this.see("message-quote-recalled", this.reading);
  }

  /** An address that several people use. */
  async shared() {
    const { node } = this, role = `orders.${this.carol}`, own = `own.${this.carol}`;
    await node.send("alice@acme.example", [role], text(role, "Order 4711 [secure]", "Sixty chairs, please."));
    const link = await node.link(role, 1), page = await this.newPage();
    await page.goto(link);
    await submit(page, "/code");
    await page.locator("input[name=code]").fill(await node.code(role, 1));
    await submit(page, "/sign-in/code");
    await page.goto(`${node.url}/settings/addresses`);
    await submit(page, "/share");
    await this.see("shared-self", page);
    await page.locator("#address").fill(own);
    await submit(page, "/sign-in/self");
    await page.locator("input[name=code]").fill(await node.code(own, 1));
    await submit(page, "/sign-in/code");
    await this.see("shared-inbox", page, "/inbox");
    await page.goto(link);
    await submit(page, "/delete");
    await page.goto(`${node.url}/deleted`);
    await page.locator("main .row > a").first().click();
    await page.locator("button[formaction='/destroy']").click();
    await this.see("destroy-shared", page);
    await this.see("addresses-shared", page, "/settings/addresses");
    await this.see("mailboxes", page, "/mailboxes");
    await this.see("link-shared", await this.newPage(), link);
    await this.sharedFull(role, link);
  }

  /** As many people use it as may, and one more comes by its own link. */
  async sharedFull(role, link) {
    const { node } = this, late = `late.${this.carol}`;
    const many = Array.from({ length: 49 }, (_, i) => `m${i}@many.example`);
    await node.send("alice@acme.example", many, text(many[0], "Welcome [secure]", "Hello."));
    node.sql("INSERT INTO address_member (address_id, person_id, since) SELECT a.id, p.id, 1 FROM person a, person p"
      + " WHERE a.address_key = ? AND p.address_key LIKE '%@many.example'", role);
    const page = await this.newPage();
    await page.goto(link);
    await submit(page, "/code");
    await page.locator("input[name=code]").fill(await node.code(role, 2));
    await submit(page, "/sign-in/code");
    await page.locator("#address").fill(late);
    await submit(page, "/sign-in/self");
    await page.locator("input[name=code]").fill(await node.code(late, 1));
    await submit(page, "/sign-in/code");
    await this.see("error-shared-full", page);
  }

  /** Everything, and then the limits by network begin anew. */
  async all() {
    await this.prepare();
    const page = await this.door();
    await this.reader(page);
    this.reading = page;
    await this.searching(page);
    await this.ended(page);
    await this.deleting(page);
    await this.sender();
    await this.shared();
    this.node.moveClock(2 * HOUR);
  }
}

/** Identifiers in URLs are 26 digits of Crockford's base 32, with two bits to spare. */
export function idHex(id) {
  let value = 0n;
  for (const digit of id) value = value * 32n + BigInt("0123456789abcdefghjkmnpqrstvwxyz".indexOf(digit));
  return (value >> 2n).toString(16).padStart(32, "0");
}
