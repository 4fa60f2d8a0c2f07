/* edit.h - a text with a cursor, a selection and what can be undone. Knows no window.
 *
 * Positions are bytes and always stand between graphemes (UAX 29, as Pango finds them). */
#ifndef UI_EDIT_H
#define UI_EDIT_H
#include "ui.h"

enum { EDIT_UNDO = 64, EDIT_MOST = 64 << 10 };

struct edit_state {
    char *text;
    int cursor;
};

struct ui_edit {
    char *text; /* NUL-terminated */
    int len, cap, cursor, anchor;
    struct edit_state undo[EDIT_UNDO], redo[EDIT_UNDO];
    int n_undo, n_redo;
    bool typing; /* the newest change was a letter: the next joins it */
    int scroll;  /* pixels, of the field */
    int goal;    /* x of Up and Down; below 0: none */
};

enum edit_by { EDIT_GRAPHEME, EDIT_WORD, EDIT_LINE, EDIT_ALL };
/* Where the cursor comes by going on or back. EDIT_LINE: of '\n'. */
int edit_step(const struct ui_edit *e, int from, enum edit_by by, bool on);
void edit_go(struct ui_edit *e, int to, bool select);
void edit_delete(struct ui_edit *e, enum edit_by by, bool on); /* or what is selected */
void edit_type(struct ui_edit *e, const char *text);           /* letters, one undo for a run */
void edit_select_word(struct ui_edit *e, int at);
bool edit_undo(struct ui_edit *e);
bool edit_redo(struct ui_edit *e);
char *edit_selected(const struct ui_edit *e); /* from malloc(); NULL: nothing */
#endif
