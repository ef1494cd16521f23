//! Pages before they are written: what is drawn where, and what it means.

use super::{
    BOTTOM, TOP,
    lines::{Color, Line},
};

/// What a part of a document is, for readers that do not see it.
#[derive(Clone, Debug, PartialEq)]
pub enum Role {
    /// The whole.
    Root,
    /// A heading of a level, from one.
    Heading(u16, String),
    /// A paragraph.
    Paragraph,
    /// A list whose items are numbered.
    List,
    /// An item of a list.
    Item,
    /// The number of an item.
    ItemLabel,
    /// The text of an item.
    ItemBody,
    /// A table, and what it shows.
    Table(String),
    /// The head of a table.
    Head,
    /// The body of a table.
    Body,
    /// A row.
    Row,
    /// A cell that names a column.
    ColumnHead,
    /// A cell that names a row.
    RowHead,
    /// A cell.
    Data,
    /// A drawing, and what it shows.
    Figure(String),
}

/// A part of a document.
#[derive(Debug)]
pub struct Part {
    /// What it is.
    pub role: Role,
    /// What is in it, in the order in which it is read.
    pub children: Vec<Child>,
}

/// What is in a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Child {
    /// Another part.
    Part(PartId),
    /// A group on a page.
    Group {
        /// The page, from zero.
        sheet: usize,
        /// The group there.
        group: usize,
    },
}

/// Number of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartId(pub usize);

/// Something drawn.
#[derive(Clone, Debug)]
pub enum Ink {
    /// A line of text, from its left end on the base line.
    Words {
        /// Left end.
        x: f32,
        /// Base line.
        y: f32,
        /// The text.
        line: Line,
    },
    /// A straight line.
    Stroke {
        /// From where.
        from: (f32, f32),
        /// To where.
        to: (f32, f32),
        /// Thickness.
        width: f32,
        /// Colour.
        color: Color,
    },
    /// A filled shape, with an outline.
    Mark {
        /// Its form.
        shape: Shape,
        /// Its middle.
        at: (f32, f32),
        /// From its middle to its edge.
        radius: f32,
        /// Colour inside.
        fill: Color,
        /// Colour of the outline.
        outline: Color,
    },
    /// A filled rectangle.
    Area {
        /// Left, top, right, bottom.
        edges: [f32; 4],
        /// Colour.
        color: Color,
    },
}

/// Form of a mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A circle.
    Circle,
    /// A square.
    Square,
    /// A square on its corner.
    Diamond,
    /// A triangle.
    Triangle,
}

/// What is drawn together, and of which part it is; of none if it is no content.
#[derive(Debug)]
pub struct Group {
    /// The part.
    pub part: Option<PartId>,
    /// What is drawn.
    pub inks: Vec<Ink>,
}

/// An entry of the bookmarks.
#[derive(Debug)]
pub struct Bookmark {
    /// Level, from one.
    pub level: u16,
    /// Title.
    pub title: String,
    /// Page, from zero.
    pub sheet: usize,
    /// Where on it.
    pub y: f32,
}

/// The pages so far.
#[derive(Debug)]
pub struct Sheets {
    /// Groups of each page.
    pub sheets: Vec<Vec<Group>>,
    /// Parts; the first is the whole.
    pub parts: Vec<Part>,
    /// Bookmarks.
    pub bookmarks: Vec<Bookmark>,
    /// Where the next thing goes on the last page.
    pub y: f32,
}

impl Sheets {
    /// One empty page.
    pub fn new() -> Self {
        let root = Part { role: Role::Root, children: Vec::new() };
        Self { sheets: vec![Vec::new()], parts: vec![root], bookmarks: Vec::new(), y: TOP }
    }

    /// The whole.
    pub const ROOT: PartId = PartId(0);

    /// Begins a part within another one.
    pub fn part(&mut self, within: PartId, role: Role) -> PartId {
        let id = PartId(self.parts.len());
        self.parts.push(Part { role, children: Vec::new() });
        self.parts[within.0].children.push(Child::Part(id));
        id
    }

    /// Draws on the last page.
    pub fn draw(&mut self, part: Option<PartId>, ink: Ink) {
        let sheet = self.sheets.len() - 1;
        let groups = &mut self.sheets[sheet];
        match groups.last_mut() {
            Some(last) if last.part == part => last.inks.push(ink),
            _ => {
                groups.push(Group { part, inks: vec![ink] });
                let child = Child::Group { sheet, group: groups.len() - 1 };
                if let Some(part) = part {
                    self.parts[part.0].children.push(child);
                }
            }
        }
    }

    /// Begins a page.
    pub fn turn(&mut self) {
        self.sheets.push(Vec::new());
        self.y = TOP;
    }

    /// Room left on the page.
    pub fn room(&self) -> f32 {
        BOTTOM - self.y
    }

    /// Begins a page unless there is so much room; a page that is still empty is not left.
    pub fn make_room(&mut self, height: f32) {
        if height > self.room() && self.y > TOP {
            self.turn();
        }
    }

    /// Leaves some room free, at the top of a page none.
    pub fn skip(&mut self, height: f32) {
        if self.y > TOP {
            self.y += height;
        }
    }

    /// Draws a line of text below what is there.
    pub fn put(&mut self, part: Option<PartId>, x: f32, line: Line) {
        let leading = line.leading;
        // Letters hang from a quarter of the line above its end.
        let y = self.y + leading * 0.76;
        self.draw(part, Ink::Words { x, y, line });
        self.y += leading;
    }
}
