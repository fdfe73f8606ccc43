"""A mail server of a test's own that can be told to misbehave: it answers SMTP as asked and keeps what it was given."""

import email
import email.policy
import socket
import ssl
import threading


class Transaction:
    def __init__(self, connection, tls):
        self.connection, self.tls = connection, tls
        self.sender, self.recipients, self.data = None, [], None


class Outbox:
    """What a server took, looked at as a node's outbox."""

    def __init__(self, server):
        self.server, self.mails = server, server.mails

    def to(self, address):
        return [email.message_from_bytes(t.data, policy=email.policy.default) for t in self.server.to(address)]


class MailServer:
    """Attributes may be changed while it runs.

    context      for STARTTLS, None: not offered; starttls_reply: said instead of 220
    mail, rcpt   {address: reply} for what is not "250"; end: reply after the end of data
    silent       takes connections and says nothing
    before_end   called with the transaction between the end of its data and the reply
    """

    def __init__(self, host="127.0.0.1", port=0, context=None):
        self.context, self.starttls_reply, self.silent = context, None, False
        self.mail, self.rcpt, self.end = {}, {}, "250 2.0.0 taken"
        self.dsn, self.utf8, self.before_end = False, False, lambda transaction: None
        self.transactions, self.commands, self.connections, self.content_bytes = [], [], 0, 0
        self._open = []
        self._listener = socket.create_server((host, port))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.drop_connections()

    def drop_connections(self):
        """Those there are now; who comes again at once is not among them."""
        dropped, self._open = self._open, []
        for sock in dropped:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    @property
    def taken(self):
        """What was taken to the end."""
        return [t for t in list(self.transactions) if t.data is not None]

    def to(self, address):
        return [t for t in self.taken if address in t.recipients]

    def mails(self):
        """What was taken, as a Maildir's (recipient, message)."""
        return [(r, email.message_from_bytes(t.data, policy=email.policy.default))
                for t in self.taken for r in t.recipients]

    def _accept(self):
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(sock)
            self.connections += 1
            threading.Thread(target=self._serve, args=(sock, self.connections), daemon=True).start()

    def _serve(self, sock, number):
        try:
            self._talk(sock, number)
        except (OSError, EOFError):
            pass
        finally:
            sock.close()

    def _talk(self, sock, number):
        if self.silent:
            while sock.recv(4096):
                pass
            return
        tls = False
        stream = sock.makefile("rb")
        sock.sendall(b"220 mx.test ESMTP\r\n")
        transaction = None
        while True:
            line = stream.readline()
            if not line.endswith(b"\r\n"):
                raise EOFError
            command = line.decode("utf-8", "replace").rstrip("\r\n")
            self.commands.append((number, command))
            verb = command.split(" ", 1)[0].upper()
            argument = command[command.find("<") + 1:command.rfind(">")] if "<" in command else ""
            reply = "250 2.0.0 ok"
            if verb == "EHLO":
                offers = ["mx.test", "PIPELINING", "8BITMIME", "SIZE 100000000"]
                offers += ["DSN"] if self.dsn else []
                offers += ["SMTPUTF8"] if self.utf8 else []
                offers += ["STARTTLS"] if (self.context or self.starttls_reply) and not tls else []
                reply = "\r\n".join(f"250-{o}" for o in offers[:-1]) + f"\r\n250 {offers[-1]}"
            elif verb == "STARTTLS":
                if self.starttls_reply:
                    reply = self.starttls_reply
                else:
                    sock.sendall(b"220 go ahead\r\n")
                    sock = self.context.wrap_socket(sock, server_side=True)
                    self._open.append(sock)
                    stream, tls = sock.makefile("rb"), True
                    continue
            elif verb == "MAIL":
                reply = self.mail.get(argument, reply)
                transaction = Transaction(number, tls)
                transaction.sender = argument
            elif verb == "RCPT":
                reply = self.rcpt.get(argument, reply)
                if reply.startswith("2"):
                    transaction.recipients.append(argument)
            elif verb == "DATA":
                sock.sendall(b"354 go on\r\n")
                data = b""
                while (line := stream.readline()) != b".\r\n":
                    if not line:
                        raise EOFError
                    self.content_bytes += len(line)
                    data += line
                transaction.data, reply = data, self.end
                if reply.startswith("2"):
                    self.transactions.append(transaction)
                self.before_end(transaction)
            elif verb == "QUIT":
                sock.sendall(b"221 bye\r\n")
                return
            sock.sendall(reply.encode() + b"\r\n")
