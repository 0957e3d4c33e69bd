// Reads bicep files with the tree-sitter grammar and prints what is in them as JSON, for tests/Deploy. Syntax only: there is no compiler on npm.
// Usage: node read.mjs file...    (.bicep and .bicepparam)
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const require = createRequire(import.meta.url);
const { Parser, Language } = require('web-tree-sitter');

await Parser.init();
const parser = new Parser();
parser.setLanguage(await Language.load(join(dirname(require.resolve('tree-sitter-bicep/package.json')), 'tree-sitter-bicep.wasm')));

export function read(path) {
  let source = readFileSync(path, 'utf8');
  // The grammar knows no assignment to a parameter; to it, bicepparam's `param x = 1` is an error, `var x = 1` is not.
  if (path.endsWith('.bicepparam')) source = source.replace(/^param (\w+) =/gm, 'var $1 =');
  const root = parser.parse(source).rootNode;
  const file = { path, errors: [], using: null, params: [], vars: [], resources: [], modules: [], outputs: [], loads: [], calls: [] };
  collect(root, file);
  let decorators = [];
  for (const node of root.namedChildren) {
    if (node.type === 'decorators') decorators = node.namedChildren.map(decoratorOf);
    else {
      declaration(node, decorators, file, null);
      if (!node.type.includes('comment')) decorators = [];
    }
  }
  return file;
}

function collect(node, file) {
  if (node.isError || node.isMissing) file.errors.push(`line ${node.startPosition.row + 1}: ${node.text.slice(0, 60)}`);
  if (node.type === 'call_expression') {
    const name = node.namedChildren[0].text.split('.').pop(); // account.listKeys() as well as listKeys(account.id)
    file.calls.push(name);
    if (name.startsWith('load')) file.loads.push(valueOf(node.namedChildren[1].namedChildren[0]).text);
  }
  for (const child of node.children) if (child) collect(child, file);
}

function decoratorOf(node) {
  const call = node.namedChildren[0];
  return { name: call.namedChildren[0].text, value: call.namedChildren[1]?.namedChildren[0] ? valueOf(call.namedChildren[1].namedChildren[0]) : null };
}

function declaration(node, decorators, file, parent) {
  const named = node.namedChildren;
  const last = named[named.length - 1];
  const line = node.startPosition.row + 1;
  if (node.type === 'using_statement') file.using = valueOf(last).text;
  else if (node.type === 'parameter_declaration') {
    file.params.push({ name: named[0].text, type: named[1].text, decorators, line, value: named.length > 2 ? valueOf(last) : null });
  } else if (node.type === 'variable_declaration') file.vars.push({ name: named[0].text, line, value: valueOf(last) });
  else if (node.type === 'output_declaration') file.outputs.push({ name: named[0].text, type: named[1].text, decorators, line, value: valueOf(last) });
  else if (node.type === 'module_declaration') file.modules.push({ symbol: named[0].text, path: valueOf(named[1]).text, line, body: valueOf(last) });
  else if (node.type === 'resource_declaration') {
    const [type, version] = valueOf(named[1]).text.split('@');
    const resource = {
      symbol: named[0].text, type: parent ? `${parent.type}/${type}` : type, version: version ?? parent?.version, line,
      existing: node.children.some(c => c?.type === 'existing') || /^resource \w+ '[^']+' existing/.test(node.text), body: valueOf(last),
    };
    file.resources.push(resource);
    nested(last, resource, file);
  }
}

function nested(node, parent, file) {
  for (const child of node.namedChildren) {
    if (child.type === 'resource_declaration') declaration(child, [], file, parent);
    else if (['object_property', 'if_statement', 'object'].includes(child.type)) nested(child, parent, file);
  }
}

// object: fields; array: items; string: its text where nothing is interpolated, otherwise its source; for and if: what they hold; other: source text.
function valueOf(node) {
  const named = node.namedChildren.filter(c => !c.type.includes('comment'));
  if (node.type === 'object') {
    const fields = [];
    for (const property of named.filter(c => c.type === 'object_property' && c.namedChildren[0].type !== 'resource_declaration')) {
      const parts = property.namedChildren.filter(c => !c.type.includes('comment'));
      const key = parts[0];
      fields.push({ key: key.type === 'string' ? key.text.slice(1, -1) : key.text, line: property.startPosition.row + 1, value: valueOf(parts[parts.length - 1]) });
    }
    return { kind: 'object', fields };
  }
  if (node.type === 'array') return { kind: 'array', items: named.map(valueOf) };
  if (node.type === 'string') {
    const plain = !named.some(c => c.type === 'interpolation');
    const text = node.text.startsWith("'''") ? node.text.slice(3, -3) : node.text.slice(1, -1);
    return { kind: plain ? 'string' : 'interpolated', text: plain ? text.replace(/\\(['\\$])/g, '$1').replace(/\\n/g, '\n') : text };
  }
  if (node.type === 'number' || node.type === 'boolean' || node.type === 'null') return { kind: node.type, text: node.text };
  if (node.type === 'for_statement') return { kind: 'for', body: valueOf(named[named.length - 1]), text: node.text };
  if (node.type === 'if_statement') return { kind: 'if', condition: named[0].text, body: valueOf(named[named.length - 1]) };
  if (node.type === 'ternary_expression') return { kind: 'choice', text: node.text, items: named.slice(-2).map(valueOf) };
  if (node.type === 'parenthesized_expression' && named.length === 1) return valueOf(named[0]);
  return { kind: node.type === 'identifier' ? 'name' : 'expression', text: node.text };
}

if (process.argv[1]?.endsWith('read.mjs')) process.stdout.write(JSON.stringify(process.argv.slice(2).map(read)));
