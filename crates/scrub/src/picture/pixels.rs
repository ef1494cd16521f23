//! The pixels of a picture, decoded within bounds, and what can be told from them alone.

use std::io::Cursor;

use image::imageops::{self, FilterType};
use image::metadata::Orientation;
use image::{AnimationDecoder as _, DynamicImage, GrayImage, ImageDecoder, ImageFormat, Limits};

use crate::kind::Kind;

/// Most pixels of one picture that are decoded: those of large cameras, and of A3 at 600 dpi.
pub(crate) const PIXELS_MAX: u64 = 72_000_000;

/// Most bytes that the decoder may take.
pub(crate) const BYTES_MAX: u64 = 320 << 20;

/// Most frames of one picture that are looked at.
const FRAMES_MAX: usize = 16;

/// Side of the small copies that are compared.
const SMALL: u32 = 16;

/// Mean difference of two small copies, of 255, from which they show something else.
const DIFFERENCE_MIN: u64 = 24;

/// Difference of brightness that is no accident of compression.
const VARIED_MIN: u8 = 32;

/// Pixels from which colours under full transparency may be a picture.
const HIDDEN_PIXELS_MIN: usize = 64;

/// Why there are no pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoPixels {
    /// There is no decoder.
    Unknown,
    /// They are too many.
    TooMany,
    /// They are broken.
    Broken,
}

const fn format_of(kind: Kind) -> Option<ImageFormat> {
    match kind {
        Kind::Png => Some(ImageFormat::Png),
        Kind::Jpeg => Some(ImageFormat::Jpeg),
        Kind::Gif => Some(ImageFormat::Gif),
        Kind::Tiff => Some(ImageFormat::Tiff),
        Kind::Webp => Some(ImageFormat::WebP),
        Kind::Bmp => Some(ImageFormat::Bmp),
        _ => None,
    }
}

fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.max_alloc = Some(BYTES_MAX);
    limits
}

/// Decodes the first picture of a file, and says how it is to be turned.
pub(crate) fn decode(kind: Kind, bytes: &[u8]) -> Result<(DynamicImage, Orientation), NoPixels> {
    let format = format_of(kind).ok_or(NoPixels::Unknown)?;
    let reader = image::ImageReader::with_format(Cursor::new(bytes), format);
    let mut decoder = reader.into_decoder().map_err(|error| why(&error))?;
    let (width, height) = decoder.dimensions();
    let is_large = u64::from(width) * u64::from(height) > PIXELS_MAX;
    if is_large || decoder.total_bytes() > BYTES_MAX {
        return Err(NoPixels::TooMany);
    }
    decoder.set_limits(limits()).map_err(|error| why(&error))?;
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let picture = DynamicImage::from_decoder(decoder).map_err(|error| why(&error))?;
    Ok((picture, orientation))
}

fn why(error: &image::ImageError) -> NoPixels {
    match error {
        image::ImageError::Limits(_) => NoPixels::TooMany,
        image::ImageError::Unsupported(_) => NoPixels::Unknown,
        _ => NoPixels::Broken,
    }
}

/// Frames of an animation after the first, as far as they are looked at.
pub(crate) fn frames(kind: Kind, bytes: &[u8]) -> Vec<DynamicImage> {
    let source = Cursor::new(bytes);
    let frames = match kind {
        Kind::Gif => image::codecs::gif::GifDecoder::new(source).ok().and_then(|mut decoder| {
            decoder.set_limits(limits()).ok()?;
            is_small(&decoder).then(|| decoder.into_frames())
        }),
        Kind::Webp => image::codecs::webp::WebPDecoder::new(source)
            .ok()
            .and_then(|decoder| is_small(&decoder).then(|| decoder.into_frames())),
        Kind::Png => image::codecs::png::PngDecoder::with_limits(source, limits())
            .ok()
            .filter(is_small)
            .and_then(|decoder| decoder.apng().ok())
            .map(|decoder| decoder.into_frames()),
        _ => None,
    };
    let Some(frames) = frames else { return Vec::new() };
    let frames = frames.skip(1).take(FRAMES_MAX).map_while(Result::ok);
    frames.map(|frame| DynamicImage::ImageRgba8(frame.into_buffer())).collect()
}

/// Whether all frames that are looked at fit into memory together.
fn is_small(decoder: &impl ImageDecoder) -> bool {
    let (width, height) = decoder.dimensions();
    u64::from(width) * u64::from(height) * 4 * FRAMES_MAX as u64 <= BYTES_MAX
}

/// The picture on white paper, without colour.
pub(crate) fn on_paper(picture: &DynamicImage) -> GrayImage {
    if !picture.color().has_alpha() {
        return picture.to_luma8();
    }
    let with_alpha = picture.to_luma_alpha8();
    let (width, height) = with_alpha.dimensions();
    let blend = |pixel: &[u8]| {
        let (grey, alpha) = (u32::from(pixel[0]), u32::from(pixel[1]));
        // A mean of two numbers below 256 is below 256.
        ((grey * alpha + 255 * (255 - alpha)) / 255) as u8
    };
    let pixels = with_alpha.as_raw().chunks_exact(2).map(blend).collect();
    GrayImage::from_raw(width, height, pixels).unwrap_or_default()
}

/// The picture as if nothing were transparent, if pixels that are fully so hold a picture.
pub(crate) fn under_transparency(picture: &DynamicImage) -> Option<GrayImage> {
    if !picture.color().has_alpha() {
        return None;
    }
    let with_alpha = picture.to_luma_alpha8();
    let (mut darkest, mut brightest) = (u8::MAX, 0);
    let (mut count, mut steps, mut last) = (0_usize, 0_usize, None);
    for pixel in with_alpha.as_raw().chunks_exact(2) {
        if pixel[1] > 0 {
            last = None;
            continue;
        }
        count += 1;
        darkest = darkest.min(pixel[0]);
        brightest = brightest.max(pixel[0]);
        let is_step = last.is_some_and(|last: u8| last.abs_diff(pixel[0]) > VARIED_MIN / 2);
        steps += usize::from(is_step);
        last = Some(pixel[0]);
    }
    let is_varied = brightest.saturating_sub(darkest) >= VARIED_MIN;
    // The soft edge of a shape varies too, but in few places.
    let has_shapes = steps >= HIDDEN_PIXELS_MIN / 4;
    let is_picture = count >= HIDDEN_PIXELS_MIN && is_varied && has_shapes;
    is_picture.then(|| picture.to_luma8())
}

/// The picture at a size that engines read well: letters of a screen are too small for them, and
/// a photograph has more pixels than it needs.
pub(crate) fn for_reading(picture: &GrayImage) -> GrayImage {
    const DOUBLED_BELOW: u64 = 4_000_000;
    const ENOUGH: u64 = 16_000_000;
    let (width, height) = picture.dimensions();
    let count = u64::from(width) * u64::from(height);
    if count < DOUBLED_BELOW {
        return imageops::resize(picture, width * 2, height * 2, FilterType::CatmullRom);
    }
    if count > ENOUGH {
        return imageops::resize(picture, width / 2, height / 2, FilterType::Triangle);
    }
    picture.clone()
}

/// Whether nothing can be written in the picture: it is an icon, or has one colour.
pub(crate) fn is_blank(picture: &GrayImage) -> bool {
    const ICON_MAX: u32 = 24;
    let (width, height) = picture.dimensions();
    let first = picture.as_raw().first();
    width < ICON_MAX || height < ICON_MAX || picture.as_raw().iter().all(|p| Some(p) == first)
}

/// Whether a small copy shows something else than the picture.
pub(crate) fn differs(picture: &DynamicImage, copy: &DynamicImage) -> bool {
    // A copy may have bars at its sides, or be cut to another form: the nearest of three counts.
    let whole = shrunk(&picture.thumbnail_exact(SMALL, SMALL));
    let cut = |of: &DynamicImage, like: &DynamicImage| {
        let (width, height) = (of.width(), of.height());
        let wide = u64::from(height) * u64::from(like.width()) / u64::from(like.height().max(1));
        let tall = u64::from(width) * u64::from(like.height()) / u64::from(like.width().max(1));
        let side = |side: u64, most: u32| u32::try_from(side).unwrap_or(most).clamp(1, most.max(1));
        let (w, h) = (side(wide, width), side(tall, height));
        of.crop_imm((width - w.min(width)) / 2, (height - h.min(height)) / 2, w, h)
    };
    let pairs = [
        (whole.clone(), shrunk(copy)),
        (whole, shrunk(&cut(copy, picture))),
        (shrunk(&cut(picture, copy)), shrunk(copy)),
    ];
    pairs.iter().all(|(one, other)| distance(one, other) >= DIFFERENCE_MIN)
}

fn shrunk(picture: &DynamicImage) -> GrayImage {
    on_paper(&picture.thumbnail_exact(SMALL, SMALL))
}

fn distance(one: &GrayImage, other: &GrayImage) -> u64 {
    let pairs = one.as_raw().iter().zip(other.as_raw());
    let sum: u64 = pairs.map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    sum / u64::from(SMALL * SMALL)
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{Rgba, RgbaImage};

    fn picture(alpha: u8) -> DynamicImage {
        let stripes = |x: u32, y: u32| if (x / 4 + y / 4).is_multiple_of(2) { 0 } else { 255 };
        let pixel = |x, y| Rgba([stripes(x, y), stripes(x, y), stripes(x, y), alpha]);
        DynamicImage::ImageRgba8(RgbaImage::from_fn(64, 64, pixel))
    }

    #[test]
    fn a_picture_under_transparency_is_seen() {
        assert!(under_transparency(&picture(0)).is_some());
        assert!(under_transparency(&picture(255)).is_none());
        assert!(is_blank(&on_paper(&picture(0))));
        assert!(!is_blank(&on_paper(&picture(255))));
        let white = DynamicImage::ImageRgba8(RgbaImage::from_pixel(64, 64, Rgba([0, 0, 0, 0])));
        assert!(under_transparency(&white).is_none());
    }

    #[test]
    fn a_small_copy_of_something_else_differs() {
        let ramp = |x: u32, y: u32| Rgba([(x * 2) as u8, (y * 2) as u8, 0, 255]);
        let whole = DynamicImage::ImageRgba8(RgbaImage::from_fn(120, 90, ramp));
        assert!(!differs(&whole, &whole.thumbnail_exact(40, 30)));
        assert!(!differs(&whole, &whole.crop_imm(15, 0, 90, 90).thumbnail_exact(32, 32)));
        assert!(differs(&whole, &whole.rotate180().thumbnail_exact(40, 30)));
    }
}
