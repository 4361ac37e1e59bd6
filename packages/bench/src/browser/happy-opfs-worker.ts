// The worker in which happy-opfs does what its synchronous calls ask for. Started by
// ../backends/happy-opfs.ts.

import { SyncChannel } from 'happy-opfs'

SyncChannel.listen().unwrap()
