"""Certificates for servers on loopback."""

import subprocess


def make_certificates(folder):
    """A CA and a certificate for localhost; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    ca, key, request, cert, pem = (
        str(folder / n) for n in ("ca.pem", "key.pem", "request.pem",
                                  "cert.pem", "both.pem"))
    extensions = folder / "extensions"
    extensions.write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")

    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], check=True,
                       capture_output=True)
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
            "-keyout", str(folder / "ca-key.pem"), "-out", ca,
            "-subj", "/CN=Moongate test CA")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", key,
            "-out", request, "-subj", "/CN=localhost")
    openssl("x509", "-req", "-in", request, "-CA", ca, "-CAkey",
            str(folder / "ca-key.pem"), "-CAcreateserial", "-days", "2",
            "-extfile", str(extensions), "-out", cert)
    with open(pem, "w", encoding="ascii") as both:
        for name in (cert, key):
            with open(name, encoding="ascii") as part:
                both.write(part.read())
    return ca, pem
