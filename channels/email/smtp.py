"""One mail to the city's SMTP server, by the standard library's client."""

import smtplib
import ssl
from email.message import EmailMessage

from channels.email.account import Server
from core.errors import Unavailable, Uncertain, YitongError

SECONDS = 20.0  # for each word of the server
PERMANENT = 500
SIGN_IN_WANTED = 530  # RFC 4954: not the mail is wrong but the settings


class Refused(YitongError):
    """The server will never take this mail; `reason` is its code."""

    status = 502
    slug = "email-refused"

    def __init__(self, reason: str) -> None:
        super().__init__("邮件服务器没有接收这封邮件。", reason=reason)
        self.reason = reason


def send(server: Server, mail: EmailMessage, *, sender: str, recipient: str) -> None:
    """Send the mail; blocks, so call it in a thread.

    Raises Refused for what the server refuses for good; Unavailable when it may take it later, or when it does not
    take the line's own sign-in, which is for the operator to mend.
    """
    try:
        with _connected(server) as connection:
            connection.send_message(mail, from_addr=sender, to_addrs=[recipient])
    except smtplib.SMTPRecipientsRefused as refusal:
        raise _outcome(refusal.recipients[recipient][0]) from None
    except smtplib.SMTPNotSupportedError:  # the citizen's address is not in ASCII, and the server takes no other
        raise Refused("smtputf8") from None
    except smtplib.SMTPResponseException as refusal:
        raise _outcome(refusal.smtp_code) from None
    except (smtplib.SMTPException, OSError):  # _connected says by itself when there is no connection
        raise Uncertain("邮件服务器没有回答，不知道邮件是否已送出。") from None


def _outcome(code: int) -> Refused | Unavailable:
    if code >= PERMANENT and code != SIGN_IN_WANTED:
        return Refused(str(code))
    return Unavailable(f"邮件服务器暂时没有接收邮件（{code}），稍后重试。")


def _connected(server: Server) -> smtplib.SMTP:
    """Return a connection, encrypted and signed in as the settings say. Raises Unavailable."""
    # A password goes to nobody but the server of that name. Without one, encryption is better than none, as it is
    # between mail servers (RFC 7435), and the certificate of a relay on this machine is its own.
    context = ssl.create_default_context()
    if not server.password:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    connection: smtplib.SMTP | None = None
    try:
        if server.tls_first:
            connection = smtplib.SMTP_SSL(server.host, server.port, timeout=SECONDS, context=context)
        else:
            connection = smtplib.SMTP(server.host, server.port, timeout=SECONDS)
            connection.ehlo_or_helo_if_needed()
            if connection.has_extn("starttls"):
                connection.starttls(context=context)
            elif server.password:
                raise Unavailable("邮件服务器不支持加密，密码不能发出去，请改用 smtps:// 或支持 STARTTLS 的服务器。")
        if server.password:
            connection.login(server.user, server.password)
    except BaseException as error:
        if connection is not None:
            connection.close()
        if isinstance(error, smtplib.SMTPResponseException):
            raise Unavailable(f"邮件服务器不让登录（{error.smtp_code}），请检查 YITONG_EMAIL_SMTP_URL。") from None
        if isinstance(error, smtplib.SMTPException | OSError):
            raise Unavailable("邮件服务器暂时连接不上，稍后重试。") from None
        raise
    return connection
