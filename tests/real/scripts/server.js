require("net").createServer((socket) => socket.resume()).listen(0, "127.0.0.1");
