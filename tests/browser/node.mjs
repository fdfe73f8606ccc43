// A Sealpost node of the tests' own, and mail for it.
import { execFileSync, spawn } from "node:child_process";
import crypto from "node:crypto";
import fs from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");

export async function until(condition, what, seconds = 30) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > end) throw new Error(`waited in vain: ${what}`);
    await new Promise((done) => setTimeout(done, 30));
  }
}

function freePort() {
  return new Promise((done) => {
    const server = net.createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}

function isOpen(port) {
  return new Promise((done) => {
    const socket = net.connect(port, "127.0.0.1", () => { socket.destroy(); done(true); });
    socket.on("error", () => done(false));
  });
}

export class SealpostNode {
  constructor({ host = "127.0.0.1" } = {}) {
    this.host = host;
  }

  async start() {
    this.binary = process.env.SEALPOST_BINARY ?? path.join(root, "build/test/src/cli/sealpost");
    this.folder = fs.mkdtempSync(path.join(os.tmpdir(), "sealpost-browser-"));
    this.smtpPort = await freePort();
    this.httpsPort = await freePort();
    this.url = `https://${this.host}:${this.httpsPort}`;
    const config = path.join(this.folder, "sealpost.conf");
    fs.writeFileSync(config, `
host_name = gw.acme.example
portal_url = "${this.url}"
return_domain = return.acme.example
outbox = outbox
web_dir = "${path.join(root, "web")}"
tls {
  certificate = certificate.pem
  key = key.pem
}
listen {
  smtp = "127.0.0.1:${this.smtpPort}"
  https = "127.0.0.1:${this.httpsPort}"
}
`);
    this.clock = path.join(this.folder, "clock");
    this.moveClock(0);
    this.environment = { ...process.env, SEALPOST_CONFIG: config, SEALPOST_TEST_CLOCK: this.clock };
    this.run("init");
    this.run("account", "add", "acme", "--display-name", "Acme");
    this.run("domain", "add", "acme.example", "--next-hop", "127.0.0.1:1");
    this.run("source", "add", "--network", "127.0.0.1/32");
    this.runWith("correct horse battery\n", "user", "add", "alice@acme.example", "--name", "Alice Adams",
      "--password-stdin");
    const log = fs.openSync(path.join(this.folder, "log"), "a");
    this.process = spawn(this.binary, ["serve"], { env: this.environment, stdio: ["ignore", log, log] });
    await until(async () => (await isOpen(this.smtpPort)) && (await isOpen(this.httpsPort)), "the node to listen");
    return this;
  }

  run(...words) {
    return this.runWith("", ...words);
  }

  runWith(input, ...words) {
    return execFileSync(this.binary, words, { env: this.environment, input }).toString();
  }

  /** The node's time is so many milliseconds later from now on. */
  moveClock(milliseconds) {
    this.offset = (this.offset ?? 0n) + BigInt(milliseconds);
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(this.offset);
    // In place: the node has the file mapped, and must not find it cut for a moment.
    const file = fs.openSync(this.clock, fs.existsSync(this.clock) ? "r+" : "w");
    fs.writeSync(file, bytes, 0, 8, 0);
    fs.closeSync(file);
  }

  /** An authenticator app's code at the node's time. */
  totp(secret) {
    const bits = [...secret].map((c) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(c).toString(2).padStart(5, "0")).join("");
    const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
    const counter = Buffer.alloc(8);
    counter.writeBigUInt64BE((BigInt(Date.now()) + this.offset) / 30000n);
    const digest = crypto.createHmac("sha1", key).update(counter).digest();
    const number = digest.readUInt32BE(digest[19] & 15) & 0x7fffffff;
    return String(number % 1_000_000).padStart(6, "0");
  }

  /** What no command does yet, straight in the database. */
  sql(statement, ...values) {
    execFileSync("/usr/bin/python3", ["-c", "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], timeout=30); " +
      "c.execute(sys.argv[2], sys.argv[3:]); c.commit()", path.join(this.folder, "sealpost.db"), statement, ...values]);
  }

  async stop() {
    const ended = new Promise((done) => this.process.on("exit", done));
    this.process.kill("SIGTERM");
    await ended;
    fs.rmSync(this.folder, { recursive: true, force: true });
  }

  mails(address, kind) {
    const folder = path.join(this.folder, "outbox/new");
    if (!fs.existsSync(folder)) return [];
    return fs.readdirSync(folder).sort().map((f) => fs.readFileSync(path.join(folder, f), "utf8"))
      .filter((m) => m.includes(`X-Original-To: ${address}\r\n`) && m.includes(`Message-ID: <${kind}`));
  }

  async newest(address, kind, count) {
    const mails = await until(() => {
      const found = this.mails(address, kind);
      return found.length >= count ? found : null;
    }, `${kind} to ${address}`);
    return mails.at(-1).replace(/=\r\n/g, "");
  }

  async link(address, count = 1) {
    return (await this.newest(address, "notification", count)).match(/https:\/\/\S+\/m\/[0-9a-z]+/)[0];
  }

  async code(address, count = 1) {
    return (await this.newest(address, "code", count)).match(/\b\d{4} \d{4}\b/)[0];
  }

  /** `to` is one address or a list of them. */
  async send(from, to, data) {
    const socket = net.connect(this.smtpPort, "127.0.0.1");
    socket.setMaxListeners(0); // one for each answer
    let text = "", wake = () => {};
    socket.on("data", (d) => { text += d; wake(); });
    const answer = async (code) => {
      let found;
      while (!(found = text.match(/^(\d{3}) [^\n]*\r\n/m))) await new Promise((done, fail) => {
        wake = done;
        socket.once("close", () => fail(new Error(`closed before ${code}`)));
      });
      text = "";
      if (found[1] !== code) throw new Error(found[0]);
    };
    await answer("220");
    for (const [line, code] of [["EHLO test.example", "250"], [`MAIL FROM:<${from}>`, "250"], ...[to].flat().map((address) => [`RCPT TO:<${address}>`, "250"]),
      ["DATA", "354"], [`${data}\r\n.`, "250"], ["QUIT", "221"]]) {
      socket.write(`${line}\r\n`);
      await answer(code);
    }
    socket.end();
  }
}

export function offer(to) {
  return ["From: Alice Adams <alice@acme.example>", `To: Carol Clark <${to}>`, "Subject: Offer for the site [secure]",
    `Message-ID: <${Math.random()}@acme.example>`, "MIME-Version: 1.0", "Content-Type: multipart/mixed; boundary=b", "",
    "--b", "Content-Type: text/plain; charset=utf-8", "", "Hello Carol, the price is forty-two.", "--b",
    "Content-Type: text/plain; name=offer.txt", "Content-Disposition: attachment; filename=offer.txt", "",
    "the offer itself", "--b--", ""].join("\r\n");
}
