import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { AppError } from '#core/ports/errors.ts';
import { type MeterTemplate, meterTemplate } from './meter-template.ts';

const MAX_TEMPLATE_BYTES = 64 * 1024;
const MAX_TEMPLATES = 1000;

const badTemplate = (file: string, what: string, cause?: unknown): AppError =>
  new AppError('METER_TEMPLATE', `The meter template ${file} cannot be used: ${what}. Correct or remove the file.`, {
    data: { file },
    cause,
  });

/** Reads one template; throws METER_TEMPLATE naming the file and the field. */
export function parseTemplate(text: string, file: string): MeterTemplate {
  if (Buffer.byteLength(text) > MAX_TEMPLATE_BYTES)
    throw badTemplate(file, `it is larger than ${MAX_TEMPLATE_BYTES} bytes`);
  let document: unknown;
  try {
    document = parse(text, { maxAliasCount: 0, schema: 'core', logLevel: 'silent' });
  } catch (error) {
    throw badTemplate(file, error instanceof Error ? (error.message.split('\n')[0] ?? 'not YAML') : 'not YAML', error);
  }
  const checked = meterTemplate.safeParse(document);
  if (!checked.success) throw badTemplate(file, z.prettifyError(checked.error).replaceAll('\n', ' '), checked.error);
  return checked.data;
}

/**
 * Where the shipped templates are: meter-drivers/templates in the nearest folder above this module that has it. The same
 * rule finds them from source (meter-drivers/plugins) and from the bundle (dist/main), as long as meter-drivers/templates
 * is shipped beside dist.
 */
export function findTemplatesDir(from: string = import.meta.dirname): string {
  for (let dir = from; ; dir = dirname(dir)) {
    const candidate = join(dir, 'meter-drivers', 'templates');
    if (existsSync(candidate)) return candidate;
    if (dirname(dir) === dir) break;
  }
  throw new AppError(
    'METER_TEMPLATE',
    `No meter-drivers/templates folder above ${from}: ship it beside dist or name it with templatesDir.`,
    { data: { from } },
  );
}

/** All templates of a folder, by id. Throws METER_TEMPLATE for the first that is wrong. */
export function loadTemplates(templatesDir: string): Map<string, MeterTemplate> {
  const files = readdirSync(templatesDir)
    .filter((name) => name.endsWith('.yaml'))
    .sort();
  if (files.length > MAX_TEMPLATES) throw badTemplate(templatesDir, `it holds more than ${MAX_TEMPLATES} files`);
  const templates = new Map<string, MeterTemplate>();
  for (const name of files) {
    const file = join(templatesDir, name);
    if (statSync(file).size > MAX_TEMPLATE_BYTES)
      throw badTemplate(file, `it is larger than ${MAX_TEMPLATE_BYTES} bytes`);
    const template = parseTemplate(readFileSync(file, 'utf8'), file);
    if (`${template.id}.yaml` !== name) throw badTemplate(file, `its id '${template.id}' is not its file name`);
    templates.set(template.id, template);
  }
  return templates;
}
