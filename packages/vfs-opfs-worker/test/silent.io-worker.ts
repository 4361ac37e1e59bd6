// A script that is no I/O worker's: it listens and says nothing.

self.addEventListener('message', () => {})
