"""A real Postfix, as the organisation's mail server or beside us in a bench."""

import os
import pathlib
import shutil
import subprocess
import tempfile

from . import wait


class Postfix:
    """An instance of its own. relay_to: the port it hands all mail to; None: everything is discarded.
    routes: {domain: transport} for mail that goes another way; responder: a script for the transport "responder",
    which gets each mail on standard input, the port, the envelope sender and the recipient as arguments.
    """

    def __init__(self, relay_to=None, routes=None, responder=None):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sealpost-postfix-"))
        self.port = wait.free_port()
        transport = f"smtp:[127.0.0.1]:{relay_to}" if relay_to else "discard:"
        config, queue, data = (self.folder / n for n in ("etc", "queue", "data"))
        for f in (config, queue, data):
            f.mkdir()
        os.chmod(self.folder, 0o755)
        # An empty inline table fails each look-up.
        maps = f"inline:{{{' '.join(f'{{{d}={t}}}' for d, t in routes.items())}}}" if routes else ""
        script = self.folder / "responder.py"
        script.write_text(responder or "")
        shutil.chown(data, "postfix")
        (config / "main.cf").write_text(f"""compatibility_level = 3.6
queue_directory = {queue}
data_directory = {data}
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
myhostname = postfix.test.example
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
mydestination =
default_transport = {transport}
relay_transport = {transport}
transport_maps = {maps}
smtp_destination_recipient_limit = 50
smtp_tls_security_level = none
smtpd_recipient_restrictions = permit_mynetworks, reject
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
alias_maps =
alias_database =
maillog_file = {self.folder}/log
maillog_file_prefixes = {self.folder}
""")
        (config / "master.cf").write_text(f"""127.0.0.1:{self.port} inet n - n - 100 smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
smtp unix - - n - - smtp
responder unix - n n - 1 pipe flags=q user=nobody argv=/usr/bin/python3 {script} {self.port} ${{sender}} ${{recipient}}
proxymap unix - - n - - proxymap
scache unix - - n - 1 scache
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
""")
        subprocess.run(["postfix", "-c", config, "set-permissions"], capture_output=True)
        subprocess.run(["postfix", "-c", config, "start"], check=True, capture_output=True)
        self.config = config
        wait.until(lambda: wait.port_open(self.port), "Postfix to listen")

    def pids(self):
        master = int((self.folder / "queue/pid/master.pid").read_text())
        children = subprocess.run(["pgrep", "-P", str(master)], capture_output=True, text=True).stdout.split()
        return [master, *map(int, children)]

    def close(self):
        subprocess.run(["postfix", "-c", self.config, "stop"], capture_output=True)
        shutil.rmtree(self.folder, ignore_errors=True)
