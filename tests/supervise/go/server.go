// Listens on a port of 127.0.0.1 that the kernel chooses, accepts a connection and waits for the end of its input. With an
// argument it leaves keepalive to others.
package main

import (
	"context"
	"io"
	"io/ioutil"
	"net"
	"os"
)

func main() {
	config := net.ListenConfig{}
	if len(os.Args) > 1 {
		config.KeepAlive = -1
	}
	listener, err := config.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	connection, err := listener.Accept()
	if err != nil {
		panic(err)
	}
	io.Copy(ioutil.Discard, os.Stdin)
	connection.Close()
}
