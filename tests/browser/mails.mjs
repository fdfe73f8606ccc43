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

export function forwarded(to) {
  return [...head(`Carol Clark <${to}>`, "Fwd: Lease of the hall [secure]"), "Content-Type: multipart/mixed; boundary=f", "",
    "--f", "Content-Type: text/plain; charset=utf-8", "", "Carol, please see what the owner wrote to us.", "", "Alice", "",
    "--f", "Content-Type: message/rfc822", "Content-Disposition: attachment", "",
    "From: Olaf Owner <olaf@hall.example>", "To: Alice Adams <alice@acme.example>", "Cc: Dave Doyle <dave@acme.example>",
    "Subject: Lease of the hall", "Date: Mon, 02 Mar 2026 10:11:12 +0100", "MIME-Version: 1.0",
    "Content-Type: multipart/mixed; boundary=h", "",
    "--h", "Content-Type: text/plain; charset=utf-8", "", "Dear Alice,", "",
    "the hall is yours from the first of May; the plan is attached. The keys are with the caretaker.", "", "Olaf Owner", "",
    "--h", "Content-Type: application/pdf; name=plan.pdf", "", "%PDF-1.4", "--h--", "", "--f--", ""].join("\r\n");
}
