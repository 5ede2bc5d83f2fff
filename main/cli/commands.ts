import type { CommandOption, CommandSpec } from './command.ts';

const data: CommandOption = {
  type: 'string',
  value: 'DIR',
  text: 'folder of this console (GRIDPACT_DATA, or the user’s data folder)',
};

const keyHolder: CommandSpec['options'] = {
  'passphrase-file': {
    type: 'string',
    value: 'FILE',
    text: 'first line locks keys and private fields at rest (GRIDPACT_PASSPHRASE)',
  },
  tpm: { type: 'boolean', text: 'lock a new folder by this machine’s TPM instead (tpm2-tools; TPM2TOOLS_TCTI)' },
};
const village: CommandOption = {
  type: 'string',
  value: 'ID',
  text: 'village the readings belong to (the only one here)',
};

export const COMMANDS: readonly CommandSpec[] = [
  {
    name: 'gateway',
    summary: 'Serve the console to a browser on this machine (or, with --lan, on the local network)',
    args: [],
    options: {
      port: {
        type: 'string',
        value: 'N',
        text: 'port to listen on; 0 takes any free one (4646, or the next free one)',
      },
      data,
      lan: { type: 'boolean', text: 'listen on the local network too; needs --tls-cert and --tls-key' },
      'tls-cert': { type: 'string', value: 'FILE', text: 'certificate, PEM' },
      'tls-key': { type: 'string', value: 'FILE', text: 'its private key, PEM' },
      listen: {
        type: 'string',
        multiple: true,
        value: 'MULTIADDR',
        text: 'where other consoles reach this one; may be repeated',
      },
      relay: {
        type: 'boolean',
        text: 'let consoles that cannot reach each other meet here; needs an address on the internet',
      },
      'no-mdns': { type: 'boolean', text: 'do not look for other consoles on the local network' },
      ...keyHolder,
      open: { type: 'boolean', text: 'open the browser, already paired' },
      'open-demo': { type: 'boolean', text: 'make a simulated village at once' },
    },
    load: async () => (await import('./gateway.ts')).runGateway,
  },
  {
    name: 'pair',
    summary: 'Make a new pairing code for the gateway that uses this data folder',
    args: [],
    options: { data, viewer: { type: 'boolean', text: 'the browser may look and change nothing' } },
    load: async () => (await import('./pair.ts')).runPair,
  },
  {
    name: 'plant',
    summary: 'Run a simulated plant that serves its meters over Modbus TCP',
    args: [],
    options: {
      village: { type: 'string', value: 'NAME', text: 'run this village: kwa-mtoni' },
      seed: { type: 'string', value: 'N', text: 'with --village: same seed, same weather and habits (1)' },
      site: { type: 'string', value: 'FILE', text: 'replay hourly Wh per circuit from this file instead' },
      from: { type: 'string', value: 'DATE', text: 'first day of its clock, YYYY-MM-DD' },
      days: { type: 'string', value: 'N', text: 'how many days (31)' },
      'zone-offset-min': { type: 'string', value: 'MIN', text: 'minutes its local time is ahead of UTC (180)' },
      port: { type: 'string', value: 'N', text: 'Modbus TCP port (any free one)' },
      control: { type: 'string', value: 'N', text: 'port of its clock and faults (any free one)' },
      'true-silence': { type: 'boolean', text: 'silent meters do not answer at all' },
    },
    load: async () => (await import('./plant.ts')).runPlant,
  },
  {
    name: 'readings import',
    summary: 'Import readings of a logger file; they count once two people vouch for them',
    args: ['FILE'],
    options: {
      data,
      ...keyHolder,
      village,
      column: {
        type: 'string',
        multiple: true,
        value: 'NAME=METER',
        text: 'which column is which meter, by name or id; may be repeated (meters named like columns)',
      },
      json: { type: 'boolean', text: 'answer as JSON' },
    },
    load: async () => (await import('./import.ts')).runImport,
  },
  {
    name: 'readings vouch',
    summary: 'Vouch for readings another person imported or entered; from then on they count',
    args: ['ENTRY'],
    options: {
      data,
      ...keyHolder,
      village,
      document: { type: 'string', value: 'TEXT', text: 'what they were compared with, such as the logger itself' },
      json: { type: 'boolean', text: 'answer as JSON' },
    },
    load: async () => (await import('./vouch.ts')).runVouch,
  },
  {
    name: 'bundle export',
    summary: 'Write what the network would carry into a file, for a console that no network reaches',
    args: ['FILE'],
    options: {
      data,
      ...keyHolder,
      village: { ...village, text: 'village to write (the only one here)' },
      since: {
        type: 'string',
        value: 'PEER|DATE',
        text: 'only what this console lacks, by its person’s name or its id; or what was written from YYYY-MM-DD on',
      },
      json: { type: 'boolean', text: 'answer as JSON' },
    },
    load: async () => (await import('./bundle.ts')).runBundleExport,
  },
  {
    name: 'bundle import',
    summary: 'Check a file that another console wrote and take it into the books',
    args: ['FILE'],
    options: {
      data,
      ...keyHolder,
      'whole-parts': { type: 'boolean', text: 'take what is whole of a damaged file' },
      json: { type: 'boolean', text: 'answer as JSON' },
    },
    load: async () => (await import('./bundle.ts')).runBundleImport,
  },
  {
    name: 'demo',
    summary: 'Run a village’s whole month: meters, attested copies, agreement, close, settlement',
    args: [],
    options: {
      json: { type: 'boolean', text: 'answer as JSON' },
      site: { type: 'string', value: 'FILE', text: 'replay hourly Wh per circuit from this file' },
      from: { type: 'string', value: 'DATE', text: 'first day, YYYY-MM-DD' },
      days: { type: 'string', value: 'N', text: 'how many days' },
      peers: { type: 'string', value: 'N', text: 'how many consoles take part (3)' },
    },
    load: async () => (await import('./demo/demo.ts')).runDemo,
  },
];
