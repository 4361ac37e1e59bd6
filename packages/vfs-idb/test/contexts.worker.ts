// Runs the round trip wherever it is loaded: as a dedicated, a shared or a service worker. Whoever asks
// sends a port for the answer.

import { roundTrip } from './contexts.ts'

interface Request {
  readonly name: string
  readonly port: MessagePort
}

function serve({ data }: MessageEvent<Request>): void {
  const { name, port } = data
  roundTrip(name).then(
    (answer) => port.postMessage(answer),
    (error: unknown) => port.postMessage(String(error)),
  )
}

const scope = globalThis as unknown as EventTarget
scope.addEventListener('message', (event) => serve(event as MessageEvent<Request>))
scope.addEventListener('connect', (event) => {
  const [port] = (event as MessageEvent).ports
  port!.onmessage = serve
})
