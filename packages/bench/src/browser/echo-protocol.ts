// What the Atomics probe and the worker that answers it share.

/** Posted by the answering worker when it listens. */
export const ECHO_READY = 'ready'
/** Index of the word that counts calls, and of the one that counts answers. */
export const PING = 0
export const PONG = 1
/** In place of a count: no more calls. */
export const STOP = -1
