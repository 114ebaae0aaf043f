# Pages with text, curves, shadings and patterns, rendered and made a PDF.
# needs: gs
# quick: yes
dots=100
[[ $SCALE == quick ]] || dots=300
render() {
	gs -q -dBATCH -dNOPAUSE -dSAFER "$@" "$INPUT/pages.ps"
}
render -sDEVICE=png16m -r"$dots" -sOutputFile=out/page-%d.png
render -sDEVICE=pgmraw -r"$dots" -dTextAlphaBits=4 -dGraphicsAlphaBits=4 \
	-sOutputFile=out/page-%d.pgm
render -sDEVICE=jpeg -r"$dots" -sOutputFile=out/page-%d.jpg
render -sDEVICE=pdfwrite -sOutputFile=pages.pdf
gs -q -dBATCH -dNOPAUSE -sDEVICE=ppmraw -r50 -sOutputFile=out/pdf-%d.ppm \
	pages.pdf
gs -q -dBATCH -dNOPAUSE -sDEVICE=txtwrite -sOutputFile=- pages.pdf
