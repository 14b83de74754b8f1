/**
 * How the page of a story looks: by day and by night, on a screen of any width, and on paper.
 */
export const pageStyle = `
:root{color-scheme:light dark;--back:#f6f5f1;--card:#fff;--text:#1d2329;--dim:#5c6670;--line:#dcdad3;
--received:#2c6fb7;--refused:#7b858f;--notices:#b97400;--returns:#c8344a;--deliveries:#3d8a5b;--band:#c8344a}
@media(prefers-color-scheme:dark){:root{--back:#101418;--card:#181e24;--text:#e3e7ea;--dim:#97a2ad;--line:#2c353d;
--received:#6cb1f5;--refused:#8f9aa5;--notices:#f0b03f;--returns:#ff7285;--deliveries:#6fc795;--band:#ff7285}}
*{box-sizing:border-box}
body{margin:0;background:var(--back);color:var(--text);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:1040px;margin:0 auto;padding:32px 20px 64px}
h1{font-size:1.9rem;line-height:1.2;margin:0 0 4px;letter-spacing:-.01em}
h2{font-size:1.3rem;line-height:1.3;margin:0}
h3{font-size:.8rem;text-transform:uppercase;letter-spacing:.07em;color:var(--dim);margin:26px 0 8px}
p{margin:0 0 10px;max-width:46rem}
.dim{color:var(--dim)}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:12px;margin:24px 0}
.tile{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:12px 16px}
.tile b{display:block;font-size:1.5rem;line-height:1.2;font-variant-numeric:tabular-nums}
.tile span{color:var(--dim);font-size:.85rem}
section{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:22px 24px;margin:20px 0;overflow-wrap:anywhere}
section.incident{border-left:5px solid var(--returns)}
header .id{float:right;color:var(--dim);font-variant-numeric:tabular-nums}
svg{display:block;width:100%;height:auto;margin:14px 0 4px}
.grid{stroke:var(--line);stroke-width:1}
.axis{fill:var(--dim);font-size:12px;font-variant-numeric:tabular-nums}
.band{fill:var(--band);opacity:.1}
.hover{fill:transparent}.hover:hover{fill:var(--dim);fill-opacity:.14}
.line{fill:none;stroke-width:2.2;stroke-linejoin:round}
.area{opacity:.16;stroke:none}
.received{stroke:var(--received)}.area.received,.dot.received{fill:var(--received)}
.refused{stroke:var(--refused);stroke-dasharray:2 4}.dot.refused{fill:var(--refused)}
.notices{stroke:var(--notices);stroke-dasharray:8 3}.dot.notices{fill:var(--notices)}
.returns{stroke:var(--returns)}.dot.returns{fill:var(--returns)}
.deliveries{stroke:var(--deliveries)}.dot.deliveries{fill:var(--deliveries)}
.legend{display:flex;flex-wrap:wrap;gap:4px 20px;font-size:.85rem;color:var(--dim);list-style:none;padding:0;margin:0}
.legend svg{display:inline-block;width:26px;height:10px;margin:0 7px 0 0;vertical-align:middle}
.columns{display:grid;grid-template-columns:repeat(auto-fit,minmax(260px,1fr));gap:4px 36px}
table{border-collapse:collapse;width:100%;font-size:.92rem;font-variant-numeric:tabular-nums}
td{padding:4px 0;border-bottom:1px solid var(--line);vertical-align:top}
td:last-child,td.number{text-align:right;white-space:nowrap;padding-left:14px}
.figures{max-width:36rem}
.bar{display:block;height:3px;border-radius:2px;background:var(--received);opacity:.6;margin-top:3px}
ol{margin:0;padding-left:1.3em;max-width:46rem}li{margin:0 0 6px}
.ratio{font-size:1.08rem;font-weight:600}
footer{color:var(--dim);font-size:.85rem;margin-top:32px}
@media(max-width:600px){main{padding:20px 12px 40px}h1{font-size:1.5rem}section{padding:16px}header .id{float:none;display:block}
svg{overflow:visible;margin-bottom:14px}.axis{font-size:28px}.axis.time{transform:translateY(14px)}.axis.other{display:none}
.line{stroke-width:4}.refused{stroke-dasharray:6 9}.notices{stroke-dasharray:20 8}
.legend .line{stroke-width:2.2}.legend .refused{stroke-dasharray:2 4}.legend .notices{stroke-dasharray:8 3}.legend svg{margin-bottom:0}.tiles{grid-template-columns:1fr 1fr}}
@media print{body{background:#fff}section{break-inside:avoid}}
`;
