// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_ANALYZE_DETAIL_REPORT_STYLE_HPP
#define XRAYON_ANALYZE_DETAIL_REPORT_STYLE_HPP

#include <string_view>

namespace xrayon::analyze::detail {

/// The style sheet of the HTML report. Colours: M. Okabe and K. Ito, "Color universal design" (2008).
inline constexpr std::string_view report_style = R"css(
:root { --ink: #1b1b1b; --paper: #ffffff; --faint: #d9d9d9; --dim: #5a5a5a; --blue: #0072b2; --orange: #b35c00; --green: #007a5a; --band: #56b4e9; --warn: #fff1d6;
  --t0: #0072b2; --t1: #e69f00; --t2: #009e73; --t3: #cc79a7; --t4: #56b4e9; --t5: #d55e00; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8e8e8; --paper: #16181c; --faint: #3a3d44; --dim: #a8a8a8; --blue: #56b4e9; --orange: #e69f00;
  --green: #2fc79b; --band: #56b4e9; --warn: #3d3013; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; }
main { max-width: 1200px; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.2rem; color: var(--dim); font-weight: 600; margin: 0.5rem 0; }
h2 { font-size: 1.5rem; line-height: 1.25; margin: 1.5rem 0 0.5rem; overflow-wrap: anywhere; }
section { border-top: 1px solid var(--faint); }
ul { padding-left: 1.25rem; overflow-wrap: anywhere; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 480px), 1fr)); gap: 1rem; align-items: start; }
figure { margin: 0; min-width: 0; max-width: 48rem; }
figcaption, .legend { color: var(--dim); font-size: 0.85rem; }
svg { width: 100%; height: auto; display: block; }
.label { fill: var(--ink); font-size: 12px; }
.axis { stroke: var(--ink); stroke-width: 1; }
.grid { stroke: var(--faint); stroke-width: 1; }
.ideal { fill: none; stroke: var(--dim); stroke-width: 1.5; stroke-dasharray: 2 4; }
.law { fill: none; stroke: var(--blue); stroke-width: 2; }
.replay { fill: none; stroke: var(--orange); stroke-width: 2; stroke-dasharray: 7 4; }
.band { fill: var(--band); opacity: 0.2; }
.beyond { fill: var(--faint); opacity: 0.5; }
.interval { stroke: var(--ink); stroke-width: 2; }
.point { fill: var(--ink); stroke: var(--ink); stroke-width: 2; }
.hollow { fill: var(--paper); }
.dot { fill: var(--blue); opacity: 0.6; }
.task { stroke: var(--paper); stroke-width: 0.4; }
.t0 { fill: var(--t0); background: var(--t0); } .t1 { fill: var(--t1); background: var(--t1); } .t2 { fill: var(--t2); background: var(--t2); }
.t3 { fill: var(--t3); background: var(--t3); } .t4 { fill: var(--t4); background: var(--t4); } .t5 { fill: var(--t5); background: var(--t5); }
.key { display: inline-block; width: 0.8em; height: 0.8em; margin: 0 0.3em 0 0.6em; }
.wide { overflow-x: auto; margin: 1rem 0; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 0.9rem; }
caption { text-align: left; font-weight: 600; padding: 0.3rem 0; }
th, td { text-align: right; padding: 0.25rem 0.7rem; border-bottom: 1px solid var(--faint); }
th:first-child, td:first-child { text-align: left; }
.warning { background: var(--warn); border-left: 4px solid var(--orange); padding: 0.5rem 1rem; }
summary { cursor: pointer; }
@media print { :root { --ink: #000; --paper: #fff; --faint: #ccc; --dim: #444; --blue: #0072b2; --orange: #b35c00; --warn: #fff; }
  body { font-size: 11px; } figure, table, .warning { break-inside: avoid; } .figures { grid-template-columns: 1fr 1fr; } .wide { overflow: visible; } }
)css";

} // namespace xrayon::analyze::detail

#endif // XRAYON_ANALYZE_DETAIL_REPORT_STYLE_HPP
