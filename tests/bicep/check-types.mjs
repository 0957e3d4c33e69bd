// Compares every resource in bicep/ with the type Azure publishes for it: unknown, missing and read-only properties, values outside an enumeration,
// numbers and lengths out of range. Needs a clone of github.com/Azure/bicep-types-az, which is too large to keep here.
// Usage: node check-types.mjs <clone> file...    Exit code 1 where something does not fit.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { read } from './read.mjs';

const [clone, ...files] = process.argv.slice(2);
const git = (...args) => execFileSync('git', ['-C', clone, ...args], { maxBuffer: 1 << 30 }).toString();
const all = git('ls-tree', '-r', '--name-only', 'HEAD', 'generated').split('\n').filter(f => f.endsWith('/types.json'));
const loaded = new Map();
const problems = [];
let compared = 0;
let excused = new Set(); // lines that the bicep compiler is told to accept an unknown property on

function typeOf(type, version) {
  const provider = type.split('/')[0].toLowerCase();
  for (const path of all.filter(f => f.toLowerCase().includes(`/${provider}/${version}/`))) {
    if (!loaded.has(path)) loaded.set(path, JSON.parse(git('show', `HEAD:${path}`)));
    const types = loaded.get(path);
    const found = types.find(t => t.$type === 'ResourceType' && t.name.toLowerCase() === `${type}@${version}`.toLowerCase());
    if (found) return { types, body: follow(types, found.body) };
  }
  return null;
}

const follow = (types, reference) => types[Number(reference.$ref.split('/').pop())];

function check(place, types, type, value) {
  if (value.kind === 'for' && type.$type === 'ArrayType') return check(`${place}[]`, types, follow(types, type.itemType), value.body);
  if (value.kind === 'if' || value.kind === 'for') return check(place, types, type, value.body);
  if (value.kind === 'choice') return value.items.forEach(item => check(place, types, type, item));
  if (value.kind === 'array' && type.$type === 'ArrayType') return value.items.forEach((item, i) => check(`${place}[${i}]`, types, follow(types, type.itemType), item));
  if (value.kind === 'object') return checkObject(place, types, type, value);
  if (['string', 'number', 'boolean'].includes(value.kind)) checkLiteral(place, types, type, value);
}

function checkObject(place, types, type, value) {
  if (type.$type === 'UnionType') {
    const object = type.elements.map(e => follow(types, e)).find(t => t.$type.endsWith('ObjectType'));
    return object && checkObject(place, types, object, value);
  }
  if (type.$type === 'DiscriminatedObjectType') {
    const name = value.fields.find(f => f.key === type.discriminator)?.value.text;
    const element = type.elements[name];
    if (!element) return void problems.push(`${place}: ${type.discriminator} is ${name}, none of ${Object.keys(type.elements).join(', ')}`);
    const own = follow(types, element);
    return checkObject(place, types, { ...own, $type: 'ObjectType', properties: { ...type.baseProperties, ...own.properties } }, value);
  }
  if (type.$type === 'AnyType') return;
  if (type.$type !== 'ObjectType') return void problems.push(`${place}: is an object, not ${type.$type}`);
  for (const field of value.fields) {
    if (['scope', 'parent', 'dependsOn'].includes(field.key) && !place.includes('.')) continue;
    const property = Object.entries(type.properties ?? {}).find(([name]) => name === field.key)?.[1];
    if (property && property.flags & 2) problems.push(`${place}.${field.key} (line ${field.line}): is read-only`);
    else if (property) check(`${place}.${field.key}`, types, follow(types, property.type), field.value);
    else if (type.additionalProperties) check(`${place}.${field.key}`, types, follow(types, type.additionalProperties), field.value);
    else if (!excused.has(field.line)) problems.push(`${place}.${field.key} (line ${field.line}): unknown; known are ${Object.keys(type.properties ?? {}).join(', ')}`);
  }
  for (const [name, property] of Object.entries(type.properties ?? {})) {
    if (property.flags & 1 && !(property.flags & 2) && !value.fields.some(f => f.key === name) && !['id', 'type', 'apiVersion'].includes(name)) problems.push(`${place}: ${name} is required`);
  }
}

function checkLiteral(place, types, type, value) {
  const said = value.kind === 'string' ? `'${value.text}'` : value.text;
  if (type.$type === 'UnionType') {
    const elements = type.elements.map(e => follow(types, e));
    const literals = elements.filter(e => e.$type === 'StringLiteralType').map(e => e.value);
    if (value.kind === 'string' && literals.length > 0 && !literals.includes(value.text)) problems.push(`${place}: ${said} is none of ${literals.join(', ')}`);
  } else if (type.$type === 'StringLiteralType') {
    if (value.text !== type.value) problems.push(`${place}: ${said} should be '${type.value}'`);
  } else if (type.$type === 'StringType') {
    if (value.kind !== 'string') problems.push(`${place}: ${said} is no text`);
    if (value.text.length < (type.minLength ?? 0) || value.text.length > (type.maxLength ?? 1e9)) problems.push(`${place}: ${said} has a length outside ${type.minLength}..${type.maxLength}`);
    if (type.pattern && value.kind === 'string' && !new RegExp(type.pattern).test(value.text)) problems.push(`${place}: ${said} does not match ${type.pattern}`);
  } else if (type.$type === 'IntegerType') {
    if (value.kind !== 'number') problems.push(`${place}: ${said} is no number`);
    else if (Number(value.text) < (type.minValue ?? -Infinity) || Number(value.text) > (type.maxValue ?? Infinity)) problems.push(`${place}: ${said} is outside ${type.minValue}..${type.maxValue}`);
  } else if (type.$type === 'BooleanType' && value.kind !== 'boolean') problems.push(`${place}: ${said} is neither true nor false`);
}

for (const path of files) {
  const file = read(path);
  excused = new Set(readFileSync(path, 'utf8').split('\n').flatMap((text, i) => text.includes('#disable-next-line BCP037') ? [i + 2] : []));
  for (const resource of file.resources) {
    const found = typeOf(resource.type, resource.version);
    const place = `${path}:${resource.line} ${resource.symbol}`;
    if (!found) problems.push(`${place}: there is no ${resource.type}@${resource.version}`);
    else if (!resource.existing) {
      compared++;
      check(place.replaceAll('.', '·'), found.types, found.body, resource.body);
    }
  }
}
for (const problem of problems) console.log(problem);
console.log(`${compared} resources compared, ${problems.length} problems`);
process.exitCode = problems.length > 0 ? 1 : 0;
