//go:build cgo

// Compiled in where cgo is on: the program is then linked with libc, dynamically, and still makes its own system calls.
package main

// #include <unistd.h>
import "C"

var libcPid = C.getpid()
