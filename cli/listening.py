"""The service's listening socket, and what to do where it cannot be had."""

import errno
import ipaddress
import socket


class CannotListen(Exception):
    """The address cannot be listened on; the message names the option that helps."""


def listen(host: str, port: int) -> socket.socket:
    """A listening TCP socket on `host`:`port` (0: any free port). Raises CannotListen."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listener = socket.socket(family, socket.SOCK_STREAM)
    except (OSError, OverflowError) as error:
        raise CannotListen(
            f"Cannot listen on {host}: {error}. Choose an address of this machine with --host."
        ) from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(2048)
    except OSError as error:
        listener.close()
        raise CannotListen(f"Cannot listen on {host}, port {port}: {_way_out(error, port)}") from error
    return listener


def _way_out(error: OSError, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"the port is in use. Stop what uses it, or choose another, such as --port {port + 1}."
    if error.errno == errno.EACCES:
        return "ports below 1024 need rights that you do not have. Choose a higher one with --port."
    if error.errno == errno.EADDRNOTAVAIL:
        return "this machine has no such address. Choose one that it has with --host."
    return f"{error.strerror}. Choose another with --port."


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server that listens on `host`."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
