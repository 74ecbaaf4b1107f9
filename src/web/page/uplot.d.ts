// The server gives uPlot's own module under this name: a bare `uplot` would need an import map, which the
// Content-Security-Policy does not allow inline.
import uPlot from 'uplot';

export default uPlot;
