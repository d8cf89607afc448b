/*
 * net/xml.h - the XML that S3 answers with, pushed in run by run.
 *
 * Elements and their text, with character references; comments, attributes and
 * processing instructions are read over. No document types, so no entities but
 * XML's five. Names nest at most MOTE_XML_DEPTH deep.
 *
 * trust   the bytes may be anything, cut anywhere: nothing is read twice, and
 *         all that is kept has a bound
 * source  W3C, "Extensible Markup Language (XML) 1.0", fifth edition
 */
#ifndef MOTE_NET_XML_H
#define MOTE_NET_XML_H

#include "core/base/status.h"

#define MOTE_XML_DEPTH 8
#define MOTE_XML_NAME 48    /* bytes of an element's name            */
#define MOTE_XML_VALUE 2048 /* bytes of text kept; the rest is dropped */

/*
 * An element has ended.
 *
 * parent  the name around it; empty for the root
 * value   its text; empty when it holds elements
 * whole   false: value is only the first MOTE_XML_VALUE bytes
 */
struct mote_xml_element {
    struct mote_text parent, name, value;
    bool whole;
};

struct mote_xml {
    enum mote_status (*ended)(void *context, const struct mote_xml_element *e);
    void *context;
    uint8_t state, quote, matched; /* of the reader              */
    uint8_t depth;                 /* open elements              */
    bool leaf;                     /* the innermost holds none   */
    bool rooted, whole;
    uint8_t name_bytes[MOTE_XML_DEPTH], close_bytes, reference_bytes;
    char names[MOTE_XML_DEPTH][MOTE_XML_NAME];
    char close[MOTE_XML_NAME], reference[10];
    size_t value_bytes;
    char value[MOTE_XML_VALUE];
};

void mote_xml_begin(struct mote_xml *xml,
                    enum mote_status (*ended)(void *context,
                                              const struct mote_xml_element *e),
                    void *context);

/* errors  MOTE_E_FORMAT  not such XML
 *         MOTE_E_DEPTH   nested deeper than MOTE_XML_DEPTH
 *         and what `ended` returns */
enum mote_status mote_xml_take(struct mote_xml *xml, struct mote_text run);

/* At the end: MOTE_E_FORMAT when the root is not closed. */
enum mote_status mote_xml_end(const struct mote_xml *xml);

#endif
