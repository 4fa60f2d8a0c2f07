/* view.h - the window: what screen.c and its neighbours share. One thread. */
#ifndef VIEW_VIEW_H
#define VIEW_VIEW_H
#include "clipboard.h"
#include "gaps.h"
#include "viewer/app.h"
#include "viewer/ui/ui.h"

enum sheet { SHEET_NONE, SHEET_HELP, SHEET_SETTINGS, SHEET_PATH, SHEETS };

/* The height of an entry of the transcript, as long as all that it depends on stays as it is. */
struct entry_height {
    uint64_t id;
    uint32_t version;
    bool first, last; /* of answers to the same question */
    bool newest;      /* of all */
    int width, letter, height;
};

/* What of the picture is on the renderer. */
struct screen_picture {
    SDL_Texture *texture;
    uint64_t shot, frame; /* which one it shows */
    bool large;           /* all of its pixels */
    int width, height;    /* of the texture */
    int box_width, box_height;
    uint32_t format; /* of SDL */
};

struct view {
    SDL_Window *window;
    SDL_Renderer *renderer;
    struct ui *ui;
    struct app app;
    struct clipboard *clipboard;
    struct ui_edit *prompt, *path;
    struct ui_scroll scroll, page_scroll, sheet_scroll;
    bool bar_lacks_model, bar_lacks_device; /* they are in the settings */
    char device_short[256], model_tip[200], device_tip[300];
    bool page_talked; /* something was said when the page was drawn last */
    enum sheet sheet;
    struct screen_picture picture;
    struct ui_view part;       /* of the picture that is shown */
    struct ui_box picture_box; /* where */
    uint64_t part_of;          /* the still picture; 0: a source's */
    int part_width;
    struct entry_height heights[TRANSCRIPT_MOST];
    struct gaps gaps;
    unsigned toasts_seen;
    bool quit, drop_over, wanted_screenshot;
    bool dialog_open;
    char *first_question;           /* asked when there is something to ask about; NULL: none */
    bool first_live, first_picture; /* once there is a picture */
    struct ui_item every_items[8], model_items[CHOICES_MOST + 1], device_items[CHOICES_MOST],
        source_items[CHOICES_CAMERAS + 3], preset_items[SETTINGS_PRESETS];
    double scale;                   /* pixels of a point */
    double display_scale;           /* of letters, for a screen of so many points */
    double boxes_logged, boxes_due; /* due: 0, or when the newest frame's are to be written */
};

/* display.c: pixels for a size at 100 %, and the window's size at first, within the screen. */
double view_screen_scale(SDL_Window *w, SDL_Renderer *r);
void view_first_size(const struct settings *s, int *width, int *height);
/* False: what is drawn is seen by nobody, although no one asked for that; SDL_GetError() says why.
 */
bool view_is_seen(void);
/* marks.c: over the picture that is shown in this box. */
void view_marks(struct view *v, struct ui_box b, const struct ui_shown *shown);
/* screen.c: a whole frame. */
void view_draw(struct view *v);
void view_log_boxes(struct view *v);
/* keys.c: after the controls had theirs; and those that come first. */
void view_keys_first(struct view *v);
void view_keys(struct view *v);
void view_open(struct view *v);  /* a file, by a dialog */
void view_paste(struct view *v); /* what the clipboard has */
void view_send(struct view *v);
void view_screenshot(struct view *v);
void view_export(struct view *v, bool markdown);
void view_text(struct view *v, const char *text,
               size_t len); /* dropped or pasted: a file, or words */
/* Alt+Plus and its like: the picture larger by a factor (0: whole), the part moved by parts of it.
 */
void view_zoom_picture(struct view *v, double factor, double right, double down);
void view_zoom(struct view *v, double scale);
/* what: "answer was", for the toast */
void view_copy(struct view *v, const char *text, const char *what);
void view_copy_numbers(struct view *v, const struct entry *e);
/* look.c: the picture's half, and the least height that it needs. */
void view_picture(struct view *v, struct ui_box b);
int view_picture_least(struct view *v, int width);
/* live.c: the controls of what moves, in rows. */
void view_live(struct view *v, struct ui_box b);
int view_live_height(struct view *v, int width);
const char *view_live_pace(const struct view *v); /* "every second" */
void view_picture_free(struct view *v);
/* talk.c: the conversation's half; or its parts, of which all but the prompt scroll together. */
void view_talk(struct view *v, struct ui_box b);
void view_talk_head(struct view *v, struct ui_box b);
void view_talk_entries(struct view *v, struct ui_box b);
int view_talk_height(struct view *v, int width);
void view_prompt(struct view *v, struct ui_box b);
int view_prompt_height(struct view *v, int width);
/* sheets.c */
void view_sheet(struct view *v);
/* pickers.c: the bar at the top. */
void view_bar(struct view *v, struct ui_box b);
void view_pick_model(struct view *v, struct ui_box b);
void view_pick_device(struct view *v, struct ui_box b);
void view_devices(struct view *v); /* opens the list of devices */
void view_theme(struct view *v, const char *name);
#endif
