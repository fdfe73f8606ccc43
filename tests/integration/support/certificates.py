"""An authority of a test's own and certificates signed by it, good and bad ones."""

import pathlib
import ssl
import subprocess


class Authority:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.file = self.folder / "authority.pem"
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
                      "-subj", "/CN=Test authority", "-keyout", "authority.key", "-out", "authority.pem")

    def _openssl(self, *words):
        subprocess.run(["openssl", *words], cwd=self.folder, check=True, capture_output=True)

    def context(self, name, kind="good"):
        """What a server needs; kind: good, expired, self-signed."""
        stem = f"{name}-{kind}"
        alt = f"subjectAltName=DNS:{name}"
        key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{stem}.key")
        if kind == "self-signed":
            self._openssl("req", "-x509", *key, "-days", "30", "-subj", f"/CN={name}", "-addext", alt, "-out", f"{stem}.pem")
        else:
            self._openssl("req", *key, "-subj", f"/CN={name}", "-addext", alt, "-out", f"{stem}.csr")
            days = "30" if kind == "good" else "-1"
            self._openssl("x509", "-req", "-in", f"{stem}.csr", "-CA", "authority.pem", "-CAkey", "authority.key",
                          "-CAcreateserial", "-copy_extensions", "copy", "-days", days, "-out", f"{stem}.pem")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / f"{stem}.pem", self.folder / f"{stem}.key")
        return context
