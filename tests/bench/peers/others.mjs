/**
 * The peers, each as its makers ship it: a server on a port of this machine, and devices that keep documents offline
 * and synchronise. Runs in build/peers, where their packages lie; speaks one JSON line for each command it is given.
 *
 * None of them decides anything: their servers keep what comes, so each is asked for less than Carrel is.
 */
import 'fake-indexeddb/auto';
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const HERE = process.cwd();
let made = 0;
const fresh = (what) => `${what}${process.pid}x${(made += 1)}`;

async function until(what, ms = 30_000) {
  for (const end = Date.now() + ms; ; ) {
    if (await what()) return;
    if (Date.now() > end) throw new Error('waited in vain');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
const answers = (url) => until(() => fetch(url).then((reply) => reply.ok, () => false));

function started(command, ...rest) {
  const run = spawn(command, rest, { cwd: HERE, stdio: 'ignore' });
  return () => run.kill('SIGKILL');
}

async function body(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return JSON.parse(Buffer.concat(parts).toString() || '{}');
}

/** A small server for those that leave the server to their users. */
async function small(port, routes) {
  const server = createServer(async (request, reply) => {
    const route = routes[new URL(request.url, 'http://x').pathname];
    const told = await route(await body(request));
    reply.writeHead(200, { 'content-type': 'application/json' });
    reply.end(JSON.stringify(told));
  });
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  return () => void (server.closeAllConnections(), server.close());
}

/** Kinto in memory, open to one made-up account; all else as it comes. */
const kintoSettings = (port) => `
[app:main]
use = egg:kinto
kinto.storage_backend = kinto.core.storage.memory
kinto.permission_backend = kinto.core.permission.memory
kinto.cache_backend = kinto.core.cache.memory
kinto.bucket_create_principals = system.Authenticated
multiauth.policies = basicauth
multiauth.policy.basicauth.use = kinto.core.authentication.BasicAuthAuthenticationPolicy
kinto.userid_hmac_secret = bench
[server:main]
use = egg:waitress
host = 127.0.0.1
port = ${port}
[loggers]
keys = root
[handlers]
keys = console
[formatters]
keys = plain
[logger_root]
level = ERROR
handlers = console
[handler_console]
class = StreamHandler
args = (sys.stderr,)
level = ERROR
formatter = plain
[formatter_plain]
format = %(message)s
`;

const PEERS = {
  /** `folder`: where its server keeps documents, by its own LevelDB; in memory without. */
  async pouchdb(port, folder) {
    const { default: PouchDB } = await import('pouchdb');
    PouchDB.plugin((await import('pouchdb-adapter-memory')).default);
    const stop = started(process.execPath, 'node_modules/pouchdb-server/bin/pouchdb-server', ...(folder ? ['--dir', folder] : ['--in-memory']), '--port', `${port}`, '--no-stdout-logs');
    await answers(`http://127.0.0.1:${port}/`);
    const name = fresh('db');
    await fetch(`http://127.0.0.1:${port}/${name}`, { method: 'PUT' });
    return {
      stop,
      device(origin) {
        const db = new PouchDB(fresh('device'), { adapter: 'memory' });
        const remote = new PouchDB(`${origin}/${name}`, { skip_setup: true });
        return {
          write: (docs) => db.bulkDocs(docs.map(({ id, ...rest }) => ({ _id: id, ...rest }))),
          sync: () => db.sync(remote),
          count: async () => (await db.info()).doc_count,
        };
      },
    };
  },

  async kinto(port) {
    const module = await import('kinto');
    const Kinto = module.default.default ?? module.default;
    const ini = join(HERE, `kinto-${port}.ini`);
    writeFileSync(ini, kintoSettings(port));
    const stop = started(process.env.KINTO, 'start', '--ini', ini);
    await answers(`http://127.0.0.1:${port}/v1/`);
    const headers = { Authorization: `Basic ${Buffer.from('reader:secret').toString('base64')}` };
    const bucket = fresh('b');
    for (const path of [`/buckets/${bucket}`, `/buckets/${bucket}/collections/things`]) {
      const put = await fetch(`http://127.0.0.1:${port}/v1${path}`, { method: 'PUT', headers: { ...headers, 'content-type': 'application/json' }, body: '{}' });
      if (!put.ok) throw new Error(`expected a ${path}, got ${put.status}`);
    }
    const { randomUUID } = await import('node:crypto');
    return {
      stop,
      device(origin) {
        const db = new Kinto({ remote: `${origin}/v1`, bucket, headers, adapterOptions: { dbName: fresh('device') } });
        const things = db.collection('things');
        return {
          async write(docs) {
            for (const { id: _, ...rest } of docs) await things.create({ id: randomUUID(), ...rest }, { useRecordId: true });
          },
          sync: () => things.sync({ strategy: 'client_wins' }),
          count: async () => (await things.list()).data.length,
        };
      },
    };
  },

  async rxdb(port) {
    const { createRxDatabase } = await import('rxdb');
    const { getRxStorageMemory } = await import('rxdb/plugins/storage-memory');
    const { replicateRxCollection } = await import('rxdb/plugins/replication');
    const held = new Map();
    let seq = 0;
    const stop = await small(port, {
      '/push': (rows) => {
        for (const { newDocumentState } of rows) held.set(newDocumentState.id, { ...newDocumentState, seq: (seq += 1) });
        return [];
      },
      '/pull': ({ since, limit }) => {
        const documents = [...held.values()].filter((each) => each.seq > since).sort((a, b) => a.seq - b.seq).slice(0, limit);
        return { documents, checkpoint: { since: documents.at(-1)?.seq ?? since } };
      },
    });
    const schema = {
      version: 0, primaryKey: 'id', type: 'object',
      properties: { id: { type: 'string', maxLength: 60 }, kind: { type: 'string' }, args: { type: 'object' }, at: { type: 'number' }, seq: { type: 'number' } },
    };
    return {
      stop,
      async device(origin) {
        const db = await createRxDatabase({ name: fresh('device'), storage: getRxStorageMemory(), multiInstance: false });
        const { things } = await db.addCollections({ things: { schema } });
        const post = async (path, what) =>
          (await fetch(origin + path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(what) })).json();
        let state = null;
        return {
          write: (docs) => things.bulkInsert(docs),
          async sync() {
            state ??= replicateRxCollection({
              collection: things, replicationIdentifier: 'bench', live: true, retryTime: 1_000,
              push: { batchSize: 100, handler: (rows) => post('/push', rows) },
              pull: { batchSize: 100, handler: (checkpoint, limit) => post('/pull', { since: checkpoint?.since ?? 0, limit }) },
            });
            if (state.asked) state.reSync();
            state.asked = true;
            await state.awaitInitialReplication();
            await state.awaitInSync();
          },
          count: async () => (await things.find().exec()).length,
        };
      },
    };
  },

  async replicache(port) {
    globalThis.addEventListener ??= () => undefined;
    globalThis.removeEventListener ??= () => undefined;
    const { Replicache, TEST_LICENSE_KEY } = await import('replicache');
    const held = new Map();
    const last = new Map();
    let version = 0;
    const stop = await small(port, {
      '/push': ({ clientGroupID, mutations }) => {
        for (const { clientID, id, args } of mutations) {
          if (id <= (last.get(clientID)?.id ?? 0)) continue;
          version += 1;
          last.set(clientID, { id, group: clientGroupID, version });
          for (const doc of args) held.set(doc.id, { doc, version });
        }
        return {};
      },
      '/pull': ({ clientGroupID, cookie }) => ({
        cookie: version,
        lastMutationIDChanges: Object.fromEntries([...last].filter(([, each]) => each.group === clientGroupID && each.version > (cookie ?? 0)).map(([client, each]) => [client, each.id])),
        patch: [...held.values()].filter((each) => each.version > (cookie ?? 0)).map(({ doc }) => ({ op: 'put', key: doc.id, value: doc })),
      }),
    });
    return {
      stop,
      device(origin) {
        const rep = new Replicache({
          name: fresh('device'), licenseKey: TEST_LICENSE_KEY, kvStore: 'mem', pushURL: `${origin}/push`, pullURL: `${origin}/pull`,
          pullInterval: null, pushDelay: 0, logLevel: 'error',
          mutators: { keep: async (tx, docs) => { for (const doc of docs) await tx.set(doc.id, doc); } },
        });
        let waiting = [];
        return {
          // It sends as soon as it can, so what is written offline is written when the drain begins.
          write: (docs) => void (waiting = docs),
          async sync() {
            for (const doc of waiting.splice(0)) void rep.mutate.keep([doc]);
            await rep.push({ now: true });
            await rep.pull({ now: true });
            await until(async () => (await rep.experimentalPendingMutations()).length === 0);
          },
          count: () => rep.query(async (tx) => (await tx.scan().keys().toArray()).length),
        };
      },
    };
  },
};

const devices = [];
let peer = null;
const commands = {
  async start({ name, port, folder }) { peer = await PEERS[name](port, folder); },
  async device({ origin }) { devices.push(await peer.device(origin)); return devices.length - 1; },
  async write({ device, docs }) { await devices[device].write(docs); },
  async sync({ device }) { await devices[device].sync(); },
  count: ({ device }) => devices[device].count(),
  stop() { peer.stop(); setTimeout(() => process.exit(0), 50); },
};
for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line);
  try {
    console.log(JSON.stringify({ told: (await commands[asked.command](asked)) ?? null }));
  } catch (broken) {
    console.log(JSON.stringify({ broken: String(broken?.stack ?? broken) }));
  }
}
