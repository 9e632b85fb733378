"""How the page looks: no font, picture or script from anywhere, light or dark as the reader's system is."""

from typing import Final

STYLE: Final = """
:root { color-scheme: light dark; --paper: #fff; --card: #f4f6f8; --ink: #22303c; --soft: #5f6b76; --line: #d9dfe5;
  --good: #1a7f4b; --bad: #c2410c; --warn: #8a5a00; --cool: #2f6f9f; }
@media (prefers-color-scheme: dark) { :root { --paper: #17212b; --card: #1f2c38; --ink: #e6edf3; --soft: #aab6c2;
  --line: #33424f; --good: #5fd39a; --bad: #ff8a4c; --warn: #e8b84b; --cool: #6cb2e6; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 20px 16px 48px; }
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0 0 4px; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 36px 0 8px; }
h3 { font-size: 1rem; margin: 0 0 6px; }
p { margin: 0 0 8px; max-width: 46rem; }
.soft, figcaption { color: var(--soft); font-size: .9rem; }
code { font: .88em ui-monospace, monospace; overflow-wrap: anywhere; }
.verdict { display: inline-block; margin: 8px 0 0; padding: 2px 10px; border-radius: 6px; font-weight: 600;
  border: 1.5px solid currentcolor; }
.card { background: var(--card); border-radius: 10px; padding: 14px 16px; margin: 16px 0 0; overflow-wrap: anywhere; }
.card p { margin: 0 0 4px; }
.card p:last-child { margin: 0; }
.pictures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 400px), 1fr)); gap: 20px; }
figure { margin: 0; min-width: 0; }
img { display: block; width: 100%; height: auto; border: 1px solid var(--line); border-radius: 10px; }
figcaption { margin-top: 6px; }
.wide { overflow-x: auto; }
.wide + p { margin-top: 14px; }
table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
th, td { padding: 5px 14px 5px 0; text-align: left; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { color: var(--soft); font-weight: 600; }
.right { text-align: right; }
.own td { font-weight: 700; }
.good { color: var(--good); } .bad { color: var(--bad); } .warn { color: var(--warn); } .cool { color: var(--cool); }
@media (max-width: 480px) { table { font-size: .8rem; } th, td { padding: 5px 9px 5px 0; } }
summary { cursor: pointer; color: var(--soft); padding: 6px 0; }
footer { margin-top: 40px; padding-top: 12px; border-top: 1px solid var(--line); color: var(--soft); font-size: .9rem; }
"""
