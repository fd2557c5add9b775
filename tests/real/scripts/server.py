"""Accepts connections in the way named: thread, fork, epoll; or those of an inherited listener: descriptor N."""
import asyncio
import socket
import socketserver
import sys


class Wait(socketserver.BaseRequestHandler):
    def handle(self):
        self.request.recv(1)


async def with_epoll():
    server = await asyncio.start_server(lambda reader, writer: reader.read(), "127.0.0.1", 0)
    await server.serve_forever()


way = sys.argv[1]
if way == "thread":
    socketserver.ThreadingTCPServer(("127.0.0.1", 0), Wait).serve_forever()
elif way == "fork":
    socketserver.ForkingTCPServer(("127.0.0.1", 0), Wait).serve_forever()
elif way == "epoll":
    asyncio.run(with_epoll())
else:
    connection, _ = socket.socket(fileno=int(way)).accept()
    connection.recv(1)
