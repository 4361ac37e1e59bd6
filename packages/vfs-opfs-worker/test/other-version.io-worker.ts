// An I/O worker of a version that does not exist yet.

const answer = { type: 'started', version: 99 }
globalThis.onmessage = ({ data }: MessageEvent<{ type: string; port: MessagePort }>) => {
  if (data.type !== 'connect') return globalThis.postMessage(answer)
  data.port.onmessage = () => data.port.postMessage(answer)
}
