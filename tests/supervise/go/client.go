// Connects to 127.0.0.1:PORT with Go's own network code and waits for the end of its input. With a second argument it
// leaves keepalive to others.
package main

import (
	"io"
	"io/ioutil"
	"net"
	"os"
)

func main() {
	dialer := net.Dialer{}
	if len(os.Args) > 2 {
		dialer.KeepAlive = -1
	}
	connection, err := dialer.Dial("tcp", "127.0.0.1:"+os.Args[1])
	if err != nil {
		panic(err)
	}
	io.Copy(ioutil.Discard, os.Stdin)
	connection.Close()
}
