// A script that is no I/O worker's: it says nothing.

export {}
