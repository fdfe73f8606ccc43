"""A name server (NSD) of a test's own with one signed zone."""

import pathlib
import shutil
import subprocess
import tempfile

from . import wait

ZONE = "net.example"  # libunbound answers for "test." itself


class NameServer:
    """records: lines of the zone; forged: (old, new) replaced in the signed zone, so that its signature is wrong."""

    def __init__(self, records, forged=()):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sealpost-dns-"))
        self.port = wait.free_port()
        self.anchor = self.folder / "anchor.key"
        self._sign(records, forged)
        config = self.folder / "nsd.conf"
        config.write_text(f"""server:
  ip-address: 127.0.0.1@{self.port}
  port: {self.port}
  username: ""
  chroot: ""
  zonesdir: "{self.folder}"
  database: ""
  pidfile: "{self.folder}/nsd.pid"
  zonelistfile: "{self.folder}/zone.list"
  xfrdfile: "{self.folder}/xfrd.state"
  xfrdir: "{self.folder}"
  logfile: "{self.folder}/log"
  server-count: 1
remote-control:
  control-enable: no
zone:
  name: "{ZONE}"
  zonefile: "signed.zone"
""")
        self.process = subprocess.Popen([shutil.which("nsd", path="/usr/sbin:/usr/bin"), "-d", "-c", str(config)],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait.until(lambda: wait.port_open(self.port), "the name server to listen")

    def _sign(self, records, forged):
        def run(*words):
            return subprocess.run(words, cwd=self.folder, check=True, capture_output=True, text=True).stdout.strip()
        (self.folder / "plain.zone").write_text(
            f"$ORIGIN {ZONE}.\n$TTL 60\n@ SOA ns.{ZONE}. admin.{ZONE}. 1 3600 600 86400 60\n@ NS ns\nns A 127.0.0.1\n" +
            "\n".join(records) + "\n")
        key = run("ldns-keygen", "-a", "ECDSAP256SHA256", "-k", ZONE)
        run("ldns-signzone", "-f", "signed.zone", "plain.zone", key)
        signed = (self.folder / "signed.zone").read_text()
        for old, new in forged:
            assert old in signed
            signed = signed.replace(old, new)
        (self.folder / "signed.zone").write_text(signed)
        self.anchor.write_text((self.folder / f"{key}.key").read_text())

    def section(self, mx_port):
        """For the node's configuration."""
        return (f'resolver {{\n  server = "127.0.0.1@{self.port}"\n  anchor = "{self.anchor}"\n'
                f'  mx_port = {mx_port}\n}}')

    def close(self):
        self.process.terminate()
        self.process.wait(10)
        shutil.rmtree(self.folder, ignore_errors=True)
