import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { defaultDataDir } from './data-dir.ts';

test('each system’s own folder for user data is used, and GRIDPACT_DATA goes before it', () => {
  expect(defaultDataDir({}, 'linux', '/home/asha')).toBe(join('/home/asha', '.local', 'share', 'gridpact'));
  expect(defaultDataDir({ XDG_DATA_HOME: '/data' }, 'linux', '/home/asha')).toBe(join('/data', 'gridpact'));
  expect(defaultDataDir({}, 'darwin', '/Users/asha')).toBe(
    join('/Users/asha', 'Library', 'Application Support', 'gridpact'),
  );
  expect(defaultDataDir({ LOCALAPPDATA: 'C:/L' }, 'win32', 'C:/U')).toBe(join('C:/L', 'gridpact'));
  expect(defaultDataDir({ GRIDPACT_DATA: 'here' }, 'linux', '/home/asha')).toBe(resolve('here'));
});
