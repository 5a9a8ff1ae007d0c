// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace hqsam {

// The style of all of hqsam's pages: system fonts, light or dark, and narrow screens.
inline constexpr const char* kHtmlStyle = R"(
:root{color-scheme:light dark;--ground:#fbfbfa;--card:#fff;--ink:#1c2126;--soft:#66707a;--line:#e2e5e8;
--gain:#127a3f;--loss:#b3341f;--sam:#d9690a;--hq:#1677d2;--sum:#8a3fb5;--zebra:#f5f6f7;
--c0:#1677d2;--c1:#d9690a;--c2:#178a55;--c3:#a83fb8;--c4:#846a12;--c5:#c92e63}
@media(prefers-color-scheme:dark){:root{--ground:#14171a;--card:#1b1f23;--ink:#e7eaed;--soft:#98a2ac;--line:#2d3338;
--gain:#4cc382;--loss:#f0836c;--sam:#ff9a45;--hq:#58a9f5;--sum:#c78bea;--zebra:#20252a;
--c0:#58a9f5;--c1:#ff9a45;--c2:#4cc382;--c3:#dd8aea;--c4:#d3b44a;--c5:#f77aa3}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;
-webkit-text-size-adjust:100%}
main{max-width:1120px;margin:0 auto;padding:28px 20px 56px}
h1{font-size:1.7rem;line-height:1.2;margin:0 0 6px;overflow-wrap:anywhere}
h2{font-size:1.2rem;margin:40px 0 4px}
p{margin:4px 0 12px}
.soft{color:var(--soft)}
.facts{display:flex;flex-wrap:wrap;gap:4px 20px;margin:0 0 20px;padding:0;list-style:none;color:var(--soft);font-size:.92rem}
.facts b{color:var(--ink);font-weight:600;overflow-wrap:anywhere}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(210px,1fr));gap:14px}
.tile{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:14px 16px}
.tile b{display:block;font-size:1.9rem;line-height:1.25;font-variant-numeric:tabular-nums}
.tile>span{color:var(--soft);font-size:.9rem}
.scroll{overflow-x:auto;background:var(--card);border:1px solid var(--line);border-radius:12px;margin:10px 0}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums;white-space:nowrap}
th,td{padding:8px 14px;text-align:right;border-bottom:1px solid var(--line)}
th{font-size:.82rem;font-weight:600;color:var(--soft)}
thead tr:first-child:not(:last-child)>*{text-align:center;border-bottom:0;padding-bottom:0}
th:first-child,td:first-child{text-align:left}
tbody th{font-size:inherit;font-weight:400;color:var(--ink)}
td small{color:var(--soft);font-weight:400;font-size:.84rem}
tbody tr:nth-child(even){background:var(--zebra)}
tbody tr:last-child>*{border-bottom:0}
tr.total>*,tr.total th{font-weight:650;border-top:2px solid var(--line)}
.keys{display:flex;flex-wrap:wrap;gap:4px 16px;margin:0 0 10px;padding:0;list-style:none;font-size:.88rem;color:var(--soft)}
.keys i{display:inline-block;width:12px;height:12px;border-radius:3px;margin-right:6px;vertical-align:-1px}
.gain{color:var(--gain)}.loss{color:var(--loss)}
.plot{width:100%;max-width:620px;height:auto;display:block;margin:0 auto}
.plot text{fill:var(--ink);font-size:14px}.plot .soft{fill:var(--soft)}
.plot line{stroke:var(--line)}.plot .zero{stroke:var(--soft);stroke-dasharray:3 3}
.plot .bar{stroke:var(--hq);stroke-width:3;stroke-linecap:round}.plot circle{fill:var(--hq)}
.charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,400px),1fr));gap:14px;margin:10px 0}
.charts .card{margin:0;min-width:0}.chart figcaption{font-weight:600;font-size:.98rem;color:var(--ink);margin:0 0 6px}
.plot .curve,.legend .curve{fill:none;stroke-width:2.2;stroke-linejoin:round}.plot .band{opacity:.22}.plot .dot{stroke:var(--card);stroke-width:1.5}
.legend{display:flex;flex-wrap:wrap;gap:2px 16px;margin:6px 0 0;padding:0;list-style:none;font-size:.86rem;color:var(--soft)}
.legend svg{width:26px;height:8px;margin-right:6px;vertical-align:2px}
.chart p{font-size:.84rem;margin:6px 0 0}
.film{display:flex;gap:10px;overflow-x:auto;padding-bottom:6px}.film figure{margin:0;flex:0 0 190px}
.film img,.sheet img{display:block;width:100%;height:auto;border-radius:6px;background:var(--zebra)}
.sheet{display:grid;grid-template-columns:repeat(auto-fill,minmax(150px,1fr));gap:10px;align-items:end}.sheet figure{margin:0;min-width:0}
.sheet figcaption{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
details{margin:14px 0}summary{cursor:pointer;font-weight:600}
pre{overflow-x:auto;background:var(--card);border:1px solid var(--line);border-radius:12px;padding:12px 14px;font-size:.84rem}
.problems{margin:6px 0 12px;padding-left:20px;font-size:.9rem;overflow-wrap:anywhere}
.card{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:12px 14px 14px;margin:14px 0}
.card h3{font-size:.98rem;margin:0 0 8px;font-weight:600;overflow-wrap:anywhere}
.panels{display:grid;grid-template-columns:repeat(4,1fr);gap:10px}
.panels.three{grid-template-columns:repeat(3,1fr)}
.panels figure{margin:0;min-width:0}
@media(min-width:641px){.panels .third{grid-column-start:3}}
.panels img{display:block;width:100%;height:auto;border-radius:6px;background:var(--zebra)}
figcaption{font-size:.84rem;color:var(--soft);margin-top:4px}
figcaption b{color:var(--ink)}
dl{display:grid;grid-template-columns:max-content 1fr;gap:4px 16px;font-size:.92rem}
dt{font-weight:600}dd{margin:0;color:var(--soft);overflow-wrap:anywhere}
@media(max-width:640px){main{padding:18px 12px 40px}h1{font-size:1.35rem}.panels,.panels.three{grid-template-columns:1fr 1fr}
th,td{padding:7px 8px;font-size:.9rem}.counts tr>:nth-child(2){display:none}.sheet{grid-template-columns:1fr 1fr}.film figure{flex-basis:150px}.tiles{grid-template-columns:1fr 1fr;gap:10px}.tile{padding:10px 12px}
.tile b{font-size:1.45rem}.card{padding:10px}dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:8px}}
@media print{.card{break-inside:avoid}}
)";

}  // namespace hqsam
