'use strict';
(() => {
  const data = JSON.parse(document.getElementById('data').textContent);
  const FIRST = 10;
  const PAGE = 50;
  const RANK = { critical: 0, high: 1, medium: 2, low: 3 };
  const key = 'attestry-scrub/' + data.digest;
  const $ = (id) => document.getElementById(id);
  const make = (tag, className, text) => {
    const node = document.createElement(tag);
    if (className) node.className = className;
    if (text !== undefined) node.textContent = text;
    return node;
  };

  let decided = {};
  try { decided = JSON.parse(localStorage.getItem(key)) || {}; } catch { decided = {}; }
  const keep = () => { try { localStorage.setItem(key, JSON.stringify(decided)); } catch { /* kept for this visit only */ } };
  const stateOf = (id) => (Object.hasOwn(decided, id) ? decided[id] : { state: 'open', reason: '' });
  const isDone = (id) => { const d = stateOf(id); return d.state === 'fixed' || (d.state === 'accepted' && d.reason.trim() !== ''); };

  const items = data.notRead.map((entry) => ({ ...entry, severity: 'high', category: 'not-read', channel: 'not-read', rule: 'not read', excerpt: '' }))
    .concat(data.findings.map((finding) => ({ ...finding, ...data.rules[finding.r] })));
  items.forEach((item) => { item.words = [item.rule, item.file, item.place, item.excerpt, item.why, item.id, item.channel].join('\n').toLowerCase(); });
  items.sort((a, b) => RANK[a.severity] - RANK[b.severity]);

  const refreshers = new Map();
  const progress = () => {
    const done = items.filter((item) => isDone(item.id)).length;
    $('bar').max = Math.max(items.length, 1);
    $('bar').value = done;
    $('done').textContent = `${done} of ${items.length} dealt with`;
  };
  const decide = (id, state, reason) => {
    if (state === 'open') delete decided[id]; else decided[id] = { state, reason };
    keep();
    progress();
    if (refreshers.has(id)) refreshers.get(id)();
  };

  const control = (item, row) => {
    const box = make('div', 'decide');
    const select = make('select');
    select.setAttribute('aria-label', `Decision about ${item.rule} in ${item.file}`);
    for (const [value, text] of [['open', 'Open'], ['fixed', 'Fixed in the file'], ['accepted', 'Accepted, because …']]) {
      const option = make('option', '', text);
      option.value = value;
      select.append(option);
    }
    const reason = make('input');
    reason.placeholder = 'Reason';
    reason.maxLength = 500;
    reason.setAttribute('aria-label', 'Reason');
    const refresh = () => {
      const d = stateOf(item.id);
      select.value = d.state;
      if (reason.value !== d.reason) reason.value = d.reason;
      reason.classList.toggle('hide', d.state !== 'accepted');
      row.classList.toggle('done', isDone(item.id));
      row.querySelector('.state').textContent = isDone(item.id) ? '✓ ' + d.state : '';
    };
    select.addEventListener('change', () => { decide(item.id, select.value, reason.value); if (select.value === 'accepted') reason.focus(); });
    reason.addEventListener('input', () => decide(item.id, 'accepted', reason.value));
    refreshers.set(item.id, refresh);
    box.append(select, reason);
    return [box, refresh];
  };

  const rowOf = (item) => {
    const row = make('article', 'item');
    const head = make('div', 'head');
    head.append(make('span', 'pill ' + item.severity, item.category === 'not-read' ? 'not read' : item.severity));
    head.append(make('strong', '', item.rule));
    if (item.excerpt) head.append(make('code', '', item.excerpt));
    if (item.count > 1) head.append(make('span', 'soft', '× ' + item.count));
    head.append(make('span', 'state'));
    row.append(head);
    row.append(make('p', 'soft', [item.place, item.channel.replaceAll('-', ' ')].filter(Boolean).join(' · ')));
    row.append(make('p', '', item.why));
    const what = make('p');
    what.append(make('b', '', 'What to do: '), item.what);
    row.append(what);
    const [box, refresh] = control(item, row);
    row.append(box, make('p', 'id', item.id));
    refresh();
    return row;
  };

  let shown = [];
  const more = (into, list, from, render) => {
    const to = from + (from === 0 && render === rowOf ? FIRST : PAGE);
    list.slice(from, to).forEach((entry) => into.append(render(entry)));
    const left = list.length - to;
    if (left <= 0) return;
    const button = make('button', '', `Show ${Math.min(PAGE, left)} more of ${left}`);
    button.type = 'button';
    button.addEventListener('click', () => {
      button.remove();
      const before = into.lastElementChild;
      more(into, list, to, render);
      const next = before && before.nextElementSibling;
      const target = next && next.querySelector('select, button');
      if (target) target.focus();
    });
    into.append(button);
  };
  const group = ([file, list], at) => {
    const details = make('details', 'card file');
    const summary = make('summary');
    summary.append(make('h3', '', file));
    for (const severity of Object.keys(RANK)) {
      const count = list.filter((item) => item.severity === severity).length;
      if (count) summary.append(make('span', 'pill ' + severity, `${count} ${severity}`));
    }
    details.append(summary);
    let isFilled = false;
    const fill = () => { if (!isFilled && details.open) { isFilled = true; more(details, list, 0, rowOf); } };
    details.addEventListener('toggle', fill);
    if (at < 3) { details.open = true; fill(); }
    return details;
  };
  const show = () => {
    const text = $('text').value.trim().toLowerCase();
    const is = (id, value) => $(id).value === '' || $(id).value === value;
    shown = items.filter((item) => is('severity', item.severity) && is('category', item.category) && is('channel', item.channel)
      && ($('state').value === '' || ($('state').value === 'done') === isDone(item.id)) && (text === '' || item.words.includes(text)));
    const files = new Map();
    shown.forEach((item) => { if (!files.has(item.file)) files.set(item.file, []); files.get(item.file).push(item); });
    refreshers.clear();
    $('list').replaceChildren();
    let at = 0;
    more($('list'), [...files], 0, (entry) => group(entry, at++));
    $('count').textContent = shown.length === items.length ? `${items.length} entries` : `${shown.length} of ${items.length} entries`;
    $('none').classList.toggle('hide', shown.length > 0);
  };

  const options = (id, values) => [...new Set(values)].sort().forEach((value) => {
    const option = make('option', '', value.replaceAll('-', ' '));
    option.value = value;
    $(id).append(option);
  });
  options('category', items.map((item) => item.category));
  options('channel', items.map((item) => item.channel));
  for (const id of ['severity', 'category', 'channel', 'state']) $(id).addEventListener('change', show);
  let timer = 0;
  $('text').addEventListener('input', () => { clearTimeout(timer); timer = setTimeout(show, 150); });

  $('apply').addEventListener('click', () => {
    const [state, reason] = [$('all-state').value, $('all-reason').value.trim()];
    if (state === 'accepted' && reason === '') { $('all-reason').focus(); return; }
    shown.forEach((item) => { if (state === 'open') delete decided[item.id]; else decided[item.id] = { state, reason }; });
    keep();
    progress();
    show();
  });
  $('export').addEventListener('click', () => {
    const accepted = items.filter((item) => stateOf(item.id).state === 'accepted' && isDone(item.id));
    const acceptances = accepted.map((item) => ({ id: item.id, reason: stateOf(item.id).reason.trim() }));
    const text = JSON.stringify({ schema: 'attestry-scrub-acceptances/v1', reportDigest: data.digest, acceptances }, null, 2) + '\n';
    const link = make('a');
    link.href = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
    link.download = 'acceptances.json';
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    $('said').textContent = `${acceptances.length} acceptances saved to acceptances.json.`;
  });

  const cells = (values) => { const row = make('tr'); values.forEach((value) => row.append(make('td', '', value))); return row; };
  more($('read'), data.read, 0, (entry) => cells([entry.file, entry.kind, entry.bytes, entry.encoding || '']));
  more($('inputs'), data.inputs, 0, (entry) => cells([entry.name, entry.bytes, entry.sha256 || '']));
  window.addEventListener('beforeprint', () => document.querySelectorAll('details').forEach((d) => { d.open = true; d.dispatchEvent(new Event('toggle')); }));
  progress();
  show();
  document.body.classList.add('ready');
})();
