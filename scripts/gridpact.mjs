#!/usr/bin/env node
// The `gridpact` command on the host's Node: installs and builds what is missing, then runs the command on our own Node.
// What it says goes to stderr, so that the answer of a command (--json) is alone on stdout.
import { join } from 'node:path';
import { buildOnce } from './build-once.mjs';
import { findNode } from './find-node.mjs';
import { installPackages } from './install-packages.mjs';
import { nodeFlags } from './node-flags.mjs';
import { become, root, speakToStderr } from './terminal.mjs';

speakToStderr();
installPackages();
const { node, env } = findNode();
buildOnce({ node, env });
become(node, [...nodeFlags, join(root, 'dist/main/cli.js'), ...process.argv.slice(2)], env, process.cwd());
