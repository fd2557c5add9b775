require("net").connect(Number(process.argv[2]), "127.0.0.1");
