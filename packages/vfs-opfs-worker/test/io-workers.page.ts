// The page's side of io-workers.ts.

import { supplyIoWorkers, type IoWorkerSupply } from '@wasm-vfs/opfs-worker'
import { needsSupply, type SupplyMessage } from './io-workers.ts'

/** To be put around each worker whose program opens stores of opfs-worker; `always` if its name is SUPPLIED. */
export function withIoWorkers(program: Worker, always = false): Worker {
  if (!needsSupply && !always) return program
  const { port1, port2 } = new MessageChannel()
  const supplies = new Map<number, IoWorkerSupply>()
  port1.onmessage = ({ data }: MessageEvent<SupplyMessage>) => {
    if (data.type === 'end') {
      supplies.get(data.id)?.close()
      supplies.delete(data.id)
      return
    }
    const supply = supplyIoWorkers(data.script)
    supplies.set(data.id, supply)
    port1.postMessage({ id: data.id, port: supply.port }, [supply.port])
  }
  program.postMessage({ supplies: port2 }, [port2])
  return program
}
