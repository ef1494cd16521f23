"""A mail server for the tests: takes what it is sent, or refuses it, by the name of the recipient.

Usage: server.py PORT [FOLDER NAME PASSWORD]

With a folder it makes a certificate there, cert.pem, and asks for STARTTLS and a login before anything
else. Port 0 takes any free one. It prints its port, then one line of JSON for each recipient and
message, and ends with its standard input, or by itself after three minutes.
"""

import asyncio
import datetime
import ipaddress
import json
import os
import ssl
import sys
from email import message_from_bytes, policy

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

LIVES = 180


def tell(what):
    print(json.dumps(what), flush=True)


class Handler:
    """`later…` is refused for now, `never…` for good, `stall…` is taken without an answer."""

    async def handle_RCPT(self, server, session, envelope, address, options):
        tell({"rcpt": address})
        if address.startswith("later"):
            return "451 4.3.0 not now: " + address
        if address.startswith("never"):
            return "550 5.1.1 nobody here is " + address
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        message = message_from_bytes(envelope.original_content, policy=policy.default)
        tell({
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "headers": {name.lower(): str(value) for name, value in message.items()},
            "names": [name for name, _ in message.items()],
            "body": message.get_content(),
            "tls": session.ssl is not None,
            "login": session.auth_data.login.decode() if session.authenticated else None,
        })
        if any(address.startswith("stall") for address in envelope.rcpt_tos):
            await asyncio.sleep(LIVES)
        return "250 taken"


def make_certificate(folder):
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "loopback")])
    now, day = datetime.datetime.now(datetime.timezone.utc), datetime.timedelta(days=1)
    names = [x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name)
        .public_key(key.public_key()).serial_number(1)
        .not_valid_before(now - day).not_valid_after(now + day)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    paths = (os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem"))
    with open(paths[0], "wb") as file:
        file.write(certificate.public_bytes(pem))
    with open(paths[1], "wb") as file:
        file.write(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    return paths


async def main(port, folder=None, name=None, password=None):
    more = {}
    if folder:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*make_certificate(folder))
        expected = LoginPassword(name.encode(), password.encode())
        more = {
            "tls_context": context,
            "require_starttls": True,
            "auth_required": True,
            "authenticator": lambda server, session, envelope, mechanism, data: AuthResult(
                success=data == expected, handled=False, auth_data=data
            ),
        }
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(Handler(), hostname="mail.test", enable_SMTPUTF8=False, **more),
        "127.0.0.1",
        int(port),
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    ended = loop.run_in_executor(None, sys.stdin.read)
    await asyncio.wait([ended], timeout=LIVES)
    server.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
    # A connection that is left waiting does not keep the process.
    os._exit(0)
