// Mails as an organisation sends them.
const head = (to, subject, extra = []) => ["From: Alice Adams <alice@acme.example>", `To: ${to}`, `Subject: ${subject}`,
  `Message-ID: <${Math.random()}@acme.example>`, "MIME-Version: 1.0", ...extra];

export function text(to, subject, words) {
  return [...head(`Carol Clark <${to}>`, subject), "Content-Type: text/plain; charset=utf-8", "", words, ""].join("\r\n");
}

export function attached(to, cc) {
  return [...head(`Carol Clark <${to}>, Bob Brown <bob@acme.example>`, "Offer for the new site [secure]",
    [`Cc: Dave Doyle <${cc}>`]), "Content-Type: multipart/mixed; boundary=b", "",
    "--b", "Content-Type: text/plain; charset=utf-8", "",
    "Hello Carol,", "", "thank you for the visit on Monday. The price for all twelve units is forty-two",
    "thousand; the details are in the attached offer. It holds until the end of the month.", "",
    "The drawings are at https://drawings.acme.example/site-12 for the time being.", "", "Best regards", "Alice", "",
    "--b", "Content-Type: application/pdf; name=offer.pdf", "Content-Disposition: attachment; filename=offer.pdf", "",
    "%PDF-1.4", ...Array(3000).fill("the offer itself"),
    "--b", "Content-Type: image/png; name=\"Site plan, second floor.png\"",
    "Content-Disposition: attachment; filename=\"Site plan, second floor.png\"", "", "not really a picture", "--b--", ""]
    .join("\r\n");
}

export function html(to) {
  return [...head(`Carol Clark <${to}>`, "Quarterly report [secure]"), "Content-Type: text/html; charset=utf-8", "",
    "<h2>Third quarter</h2><p>Dear Carol,</p><p>the figures you asked for:</p>",
    "<table border=1 cellpadding=6><tr><th>Month</th><th>Units</th></tr><tr><td>July</td><td>1,204</td></tr>",
    "<tr><td>August</td><td>1,310</td></tr></table>",
    "<p><img src=\"https://tracker.example/pixel.png\" alt=\"Chart\"> See also",
    "<a href=\"https://www.acme.example/report\">the report</a>.</p>", ""].join("\r\n");
}

// Two pages.
const page = (number) => [`${number} 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font`,
  "<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>>>endobj"];
const drawing = "BT /F1 36 Tf 90 720 Td (Plan of the hall) Tj ET 90 300 400 350 re S 90 480 m 490 480 l S";
const PLAN = ["%PDF-1.4", "1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj", "2 0 obj<</Type/Pages/Kids[3 0 R 5 0 R]/Count 2>>endobj",
  ...page(3), ...page(5), `4 0 obj<</Length ${drawing.length}>>stream`, drawing, "endstream endobj", "trailer<</Root 1 0 R>>"];

const TERMS = "{\\rtf1\\ansi {\\b Terms of the lease}\\par\\par The hall is let from 1 May 2026 for twelve months.\\par"
  + "\\par Rent: 1,200 a month, due on the third. The deposit is three months\\rquote  rent.\\par}";

export function forwarded(to) {
  return [...head(`Carol Clark <${to}>`, "Fwd: Lease of the hall [secure]"), "Content-Type: multipart/mixed; boundary=f", "",
    "--f", "Content-Type: text/plain; charset=utf-8", "", "Carol, please see what the owner wrote to us.", "", "Alice", "",
    "--f", "Content-Type: message/rfc822", "Content-Disposition: attachment", "",
    "From: Olaf Owner <olaf@hall.example>", "To: Alice Adams <alice@acme.example>", "Cc: Dave Doyle <dave@acme.example>",
    "Subject: Lease of the hall", "Date: Mon, 02 Mar 2026 10:11:12 +0100", "MIME-Version: 1.0",
    "Content-Type: multipart/mixed; boundary=h", "",
    "--h", "Content-Type: text/plain; charset=utf-8", "", "Dear Alice,", "",
    "the hall is yours from the first of May; the plan is attached. The keys are with the caretaker.", "", "Olaf Owner", "",
    "--h", "Content-Type: application/pdf; name=plan.pdf", "", ...PLAN,
    "--h", "Content-Type: application/rtf; name=terms.rtf", "", TERMS, "--h--", "", "--f--", ""].join("\r\n");
}

/** The HTML of a mail that the node sent, once its soft line ends are gone. */
export function htmlOf(mail) {
  const [, head, body] = mail.match(/(Content-Type: text\/html[^]*?)\r\n\r\n([^]*?)\r\n--/);
  if (/base64/i.test(head)) return Buffer.from(body, "base64").toString();
  if (!/quoted-printable/i.test(head)) return body;
  return Buffer.from(body.replace(/=([0-9A-F]{2})/g, (_, byte) => String.fromCharCode(parseInt(byte, 16))), "latin1").toString();
}
