"""A browser without scripts: pages, forms and cookies over HTTPS, without checking the test's own certificate."""

import html.parser
import http.cookiejar
import re
import ssl
import urllib.error
import urllib.parse
import urllib.request


class _Forms(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.forms = []
        self.links = []

    def handle_starttag(self, tag, attrs):
        a = dict(attrs)
        if tag == "form":
            self.forms.append({"action": a.get("action", ""), "method": a.get("method", "get"), "fields": {}})
        elif tag == "input" and self.forms and a.get("name") and a.get("type") != "file" and (
                a.get("type") not in ("checkbox", "radio") or "checked" in a):
            self.forms[-1]["fields"][a["name"]] = a.get("value", "")
        elif tag == "a" and a.get("href"):
            self.links.append(a["href"])


class Page:
    def __init__(self, status, url, headers, body):
        self.status, self.url, self.headers, self.body = status, url, headers, body
        self.text = body.decode("utf-8", "replace")
        parser = _Forms()
        if "html" in headers.get("Content-Type", "html"):
            parser.feed(self.text)
        self.forms, self.links = parser.forms, parser.links

    @property
    def path(self):
        return urllib.parse.urlsplit(self.url).path

    def form(self, pattern):
        found = [f for f in self.forms if re.search(pattern, f["action"])]
        assert found, f"no form for {pattern} on {self.url}: {[f['action'] for f in self.forms]}\n{self.text[:3000]}"
        return found[0]


class Browser:
    is_hasty = True  # presses "Send now" where there is time to undo

    def __init__(self, node):
        self.base = node.url
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        self.cookies = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=context),
                                                  urllib.request.HTTPCookieProcessor(self.cookies))

    def request(self, url, data=None, headers=None, method=None):
        url = urllib.parse.urljoin(self.base + "/", url)
        request = urllib.request.Request(url, data=data, headers=headers or {}, method=method)
        try:
            with self.opener.open(request, timeout=60) as answer:
                return Page(answer.status, answer.url, answer.headers, answer.read())
        except urllib.error.HTTPError as answer:
            return Page(answer.code, answer.url, answer.headers, answer.read())

    def get(self, url, **headers):
        return self.request(url, headers=headers)

    def submit(self, page, pattern, /, **fields):
        form = page.form(pattern)
        data = urllib.parse.urlencode({**form["fields"], **fields}).encode()
        return self._hurry(self.request(urllib.parse.urljoin(page.url, form["action"]), data,
                                        {"Content-Type": "application/x-www-form-urlencoded", "Origin": self.base}))

    def submit_files(self, page, pattern, files, /, **fields):
        """files: [(field, name, type, bytes)]"""
        form = page.form(pattern)
        boundary = "test-boundary-7d1"
        body = b""
        for name, value in {**form["fields"], **fields}.items():
            body += f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for field, name, kind, data in files:
            body += (f'--{boundary}\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n'
                     f'Content-Type: {kind}\r\n\r\n').encode() + data + b"\r\n"
        body += f"--{boundary}--\r\n".encode()
        return self._hurry(self.request(urllib.parse.urljoin(page.url, form["action"]), body,
                                        {"Content-Type": f"multipart/form-data; boundary={boundary}", "Origin": self.base}))

    def _hurry(self, answer):
        waits = self.is_hasty and any(form["action"].endswith("/now") for form in answer.forms)
        return self.submit(answer, r"/now$") if waits else answer
