//! Documents with the parts and elements in which Word, Excel and PowerPoint keep what their users
//! type, beyond what the files in `tests/files` have.

/// Parts of one document: name and text.
pub type Parts = &'static [(&'static str, &'static str)];

/// A document with content controls, bookmarks, boxes, charts, sources, glossary and mail merge.
pub const DOCUMENT: Parts = &[
    (
        "[Content_Types].xml",
        "<Types><Default Extension=\"xml\" ContentType=\"application/xml\"/></Types>",
    ),
    (
        "word/document.xml",
        r##"<w:document xmlns:w="urn:example:w"><!--made by hand--><w:background w:color="auto"/><w:body>
        <w:sdt><w:sdtPr><w:alias w:val="one"/><w:tag w:val="two"/><w:placeholder><w:docPart w:val="three"/></w:placeholder>
        <w:dataBinding w:prefixMappings="four" w:xpath="five" w:storeItemID="six"/><w:dropDownList><w:listItem
        w:displayText="seven" w:value="eight"/></w:dropDownList></w:sdtPr><w:sdtContent><w:p><w:r><w:t>text</w:t></w:r></w:p>
        </w:sdtContent></w:sdt><w:p><w:pPr><w:pStyle w:val="Heading"/><w:framePr w:anchorLock="no"/></w:pPr>
        <w:bookmarkStart w:id="ab" w:name="bookmark"/><w:bookmarkEnd w:id="ab"/><w:permStart w:ed="editor" w:edGrp="group"/>
        <w:smartTag w:uri="urn:example" w:element="place"><w:smartTagPr><w:attr w:name="key" w:val="value"/></w:smartTagPr>
        <w:r><w:rPr><w:rFonts w:ascii="Arial"/><w:lang w:val="en-GB"/></w:rPr><w:t>place</w:t></w:r></w:smartTag>
        <w:customXml w:uri="urn:other" w:element="order"><w:r><w:t>order</w:t></w:r></w:customXml>
        <w:hyperlink w:tooltip="tip" w:docLocation="there" w:anchor="mark"><w:r><w:t>link</w:t></w:r></w:hyperlink>
        <w:fldSimple w:instr="DATE"><w:r><w:t>today</w:t></w:r></w:fldSimple><w:r><w:fldChar w:fldCharType="begin"><w:ffData>
        <w:name w:val="field"/><w:helpText w:val="help"/><w:statusText w:val="status"/><w:entryMacro w:val="macro"/>
        <w:textInput><w:default w:val="default"/></w:textInput></w:ffData></w:fldChar></w:r>
        <w:r><w:instrText>PAGE</w:instrText></w:r><w:r><w:sym w:font="Symbol" w:char="F0A7"/></w:r>
        <w:ruby><w:rt><w:r><w:t>above</w:t></w:r></w:rt></w:ruby><m:oMath><m:r><m:t>x+y</m:t></m:r></m:oMath>
        <w:r><w:drawing><wp:anchor><wp:positionH relativeFrom="page"><wp:align>left</wp:align></wp:positionH>
        <wp:docPr id="1" name="Picture" descr="what it shows" title="its title"><a:hlinkClick tooltip="go"/></wp:docPr>
        <wps:wsp><wps:cNvPr name="Box"/><wps:txbx><w:txbxContent><w:p><w:r><w:t>in a box</w:t></w:r></w:p></w:txbxContent>
        </wps:txbx></wps:wsp></wp:anchor></w:drawing></w:r><w:r><w:pict><v:shape id="shape" alt="older" style="width:9pt"
        href="page"><v:textpath string="WordArt"/><v:imagedata o:title="scan"/></v:shape></w:pict></w:r>
        <w:r><w:object><o:OLEObject ProgID="Excel" ShapeID="shape9"/></w:object></w:r></w:p>
        <w:tbl><w:tblPr><w:tblStyle w:val="Style"/><w:tblCaption w:val="caption"/><w:tblDescription w:val="about"/></w:tblPr>
        <w:tr><w:tc><w:p><w:r><w:t>cell</w:t></w:r></w:p></w:tc></w:tr></w:tbl><w:altChunk r:id="chunk"/>
        <w:sectPr><w:headerReference r:id="head" w:type="default"/><w:pgSz w:code="size"/></w:sectPr></w:body></w:document>"##,
    ),
    (
        "word/settings.xml",
        r#"<w:settings><w:writeProtection w:hash="abcd"/><w:mailMerge><w:connectString w:val="Provider"/><w:query w:val="SELECT"/>
        <w:addressFieldName w:val="field"/><w:mailSubject w:val="subject"/><w:odso><w:udl w:val="udl"/><w:table w:val="table"/>
        <w:fieldMapData><w:name w:val="name"/><w:mappedName w:val="mapped"/></w:fieldMapData></w:odso></w:mailMerge>
        <w:docVars><w:docVar w:name="variable" w:val="held"/></w:docVars><w:attachedSchema w:val="urn:schema"/>
        <w:captions><w:caption w:name="Figure"/></w:captions><w:clickAndTypeStyle w:val="typed"/>
        <w:schemaLibrary><w:schema w:uri="urn:lib" w:manifestLocation="where"/></w:schemaLibrary>text</w:settings>"#,
    ),
    (
        "word/styles.xml",
        r#"<w:styles><w:latentStyles><w:lsdException w:name="heading"/></w:latentStyles><w:style w:styleId="own"
        w:type="paragraph"><w:name w:val="Own"/><w:aliases w:val="alias"/><w:basedOn w:val="base"/><w:link w:val="linked"/>
        </w:style></w:styles>"#,
    ),
    (
        "word/numbering.xml",
        r#"<w:numbering><w:abstractNum><w:name w:val="list"/><w:styleLink w:val="link"/><w:lvl><w:lvlText w:val="Part"/></w:lvl>
        </w:abstractNum></w:numbering>"#,
    ),
    (
        "word/fontTable.xml",
        r#"<w:fonts><w:font w:name="Own Face"><w:altName w:val="Other"/></w:font></w:fonts>"#,
    ),
    (
        "word/comments.xml",
        r#"<w:comments><w:comment w:id="c" w:author="writer" w:initials="wr"><w:p><w:r><w:t>said</w:t></w:r></w:p></w:comment>
        </w:comments>"#,
    ),
    (
        "word/commentsIds.xml",
        r#"<w16:commentsIds><w16:commentId w16:paraId="one" w16:durableId="two"/></w16:commentsIds>"#,
    ),
    (
        "word/people.xml",
        r#"<w15:people><w15:person w15:author="person"><w15:presenceInfo w15:providerId="AD" w15:userId="user"/></w15:person>
        text</w15:people>"#,
    ),
    (
        "word/webSettings.xml",
        r#"<w:webSettings><w:divs><w:div w:id="div"/></w:divs><w:frameset><w:frame><w:name w:val="frame"/>
        <w:sourceFileName r:id="source"/></w:frame></w:frameset></w:webSettings>"#,
    ),
    (
        "word/glossary/document.xml",
        r#"<w:glossaryDocument><w:docParts><w:docPart><w:docPartPr><w:name w:val="block"/><w:category><w:name w:val="kind"/>
        </w:category><w:description w:val="described"/></w:docPartPr><w:docPartBody><w:p><w:r><w:t>quick</w:t></w:r></w:p>
        </w:docPartBody></w:docPart></w:docParts></w:glossaryDocument>"#,
    ),
    (
        "word/header1.xml",
        r#"<w:hdr><w:p><w:pPr><w:pStyle w:val="Header"/></w:pPr><w:r><w:t>above all</w:t></w:r></w:p></w:hdr>"#,
    ),
    (
        "word/footnotes.xml",
        r#"<w:footnotes><w:footnote w:type="own"><w:p><w:r><w:t>below</w:t></w:r></w:p></w:footnote></w:footnotes>"#,
    ),
    (
        "word/theme/theme1.xml",
        r#"<a:theme name="Theme"><a:themeElements><a:clrScheme name="Colours"/><a:fontScheme name="Fonts"><a:majorFont>
        <a:latin typeface="Face"/></a:majorFont></a:fontScheme></a:themeElements><a:custClrLst><a:custClr name="House"/>
        </a:custClrLst></a:theme>"#,
    ),
    (
        "word/charts/chart1.xml",
        r#"<c:chartSpace><c:chart><c:title><a:t>chart</a:t></c:title><c:ser><c:tx><c:strRef><c:f>Sheet!A1</c:f><c:strCache>
        <c:pt idx="0"><c:v>series</c:v></c:pt></c:strCache></c:strRef></c:tx></c:ser></c:chart><c:externalData r:id="data"/>
        </c:chartSpace>"#,
    ),
    (
        "word/diagrams/data1.xml",
        r#"<dgm:dataModel><dgm:pt modelId="pt"><dgm:prSet custT="yes" phldrT="[Text]"/><dgm:t><a:p><a:r><a:t>node</a:t></a:r></a:p>
        </dgm:t></dgm:pt></dgm:dataModel>"#,
    ),
    (
        "customXml/item1.xml",
        r#"<b:Sources xmlns:b="urn:example:b" StyleName="APA"><b:Tag>tag</b:Tag><!--c--></b:Sources>"#,
    ),
    (
        "customXml/itemProps1.xml",
        r#"<ds:datastoreItem ds:itemID="item"><ds:schemaRefs><ds:schemaRef ds:uri="urn:ref"/></ds:schemaRefs></ds:datastoreItem>"#,
    ),
    (
        "customUI/customUI.xml",
        r#"<customUI><ribbon><tab id="tab" label="Label"><button onAction="act" screentip="tip"/></tab></ribbon></customUI>"#,
    ),
    ("word/other.vml", r#"<xml><v:shape alt="old"><v:textbox>said</v:textbox></v:shape></xml>"#),
    (
        "word/_rels/document.xml.rels",
        r#"<Relationships><Relationship Id="in" Type="x/styles" Target="styles.xml"/><Relationship Id="out" Type="x/oleObject"
        Target="file:///there" TargetMode="External"/></Relationships>"#,
    ),
    (
        "docProps/core.xml",
        r#"<cp:coreProperties><dc:title>title</dc:title><dcterms:created xsi:type="dcterms:W3CDTF">2024</dcterms:created>
        </cp:coreProperties>"#,
    ),
    (
        "docProps/app.xml",
        r#"<Properties><Manager>boss</Manager><TitlesOfParts><vt:vector baseType="lpstr"><vt:lpstr>part</vt:lpstr></vt:vector>
        </TitlesOfParts></Properties>"#,
    ),
    (
        "docProps/custom.xml",
        r#"<Properties><property fmtid="{D5}" name="Own" linkTarget="mark"><vt:lpwstr>value</vt:lpwstr></property></Properties>"#,
    ),
];

/// A workbook with views, tables, pivots, queries, notes, drawings and what sheets have beside cells.
pub const WORKBOOK: Parts = &[
    (
        "[Content_Types].xml",
        "<Types><Override PartName=\"/xl/workbook.xml\" ContentType=\"main\"/></Types>",
    ),
    (
        "xl/workbook.xml",
        r#"<workbook><!--by hand--><fileSharing userName="user"/><workbookPr codeName="Code"/><bookViews><workbookView visibility="visible"/>
        </bookViews><sheets><sheet name="Plan" sheetId="1" r:id="r1"/></sheets><functionGroups><functionGroup name="group"/>
        </functionGroups><definedNames><definedName name="rate" comment="why" help="how" description="what"
        statusBar="bar">Plan!A1</definedName></definedNames><customWorkbookViews><customWorkbookView name="view" guid="{G}"/>
        </customWorkbookViews><smartTagTypes><smartTagType namespaceUri="urn:s" name="tag" url="page"/></smartTagTypes>
        <webPublishing css="sheet"/><fileRecoveryPr note="text"/>text</workbook>"#,
    ),
    (
        "xl/_rels/workbook.xml.rels",
        r#"<Relationships><Relationship Id="r1" Type="x/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#,
    ),
    (
        "xl/worksheets/sheet1.xml",
        r#"<worksheet><sheetPr codeName="Sheet"><tabColor rgb="FF0000"/></sheetPr><dimension ref="A1:B2"/><sheetViews><sheetView view="normal">
        <selection sqref="A1"/></sheetView></sheetViews><cols><col min="1" max="2" style="one"/></cols><sheetData><row r="1" spans="1:2"><c
        r="A1" t="s" s="0" cm="one"><v>0</v></c><c r="B1" t="inlineStr"><is><r><rPr><rFont val="Face"/></rPr><t>inline</t></r></is></c>
        <c r="C1" t="str"><f t="shared" ref="C1">LEN("x")</f><v>cached</v></c></row></sheetData><sheetProtection algorithmName="SHA"/>
        <protectedRanges><protectedRange name="range" sqref="A1" securityDescriptor="who"/></protectedRanges>
        <scenarios sqref="C1"><scenario name="case" user="who" comment="why"><inputCells r="A1" val="three"/></scenario></scenarios>
        <autoFilter ref="A1:B2"><filterColumn colId="0"><filters><filter val="only"/></filters></filterColumn></autoFilter>
        <dataConsolidate><dataRefs><dataRef name="from" sheet="Other"/></dataRefs></dataConsolidate>
        <customSheetViews><customSheetView guid="{G}"/></customSheetViews><conditionalFormatting sqref="A1"><cfRule type="expression"
        text="has"><formula>A1&gt;1</formula></cfRule></conditionalFormatting><dataValidations><dataValidation promptTitle="ask"
        prompt="which" error="wrong" errorTitle="no" sqref="A1"><formula1>"yes,no"</formula1></dataValidation></dataValidations>
        <hyperlinks><hyperlink ref="A1" location="there" tooltip="tip" display="shown"/></hyperlinks><headerFooter><oddHeader>top</oddHeader>
        <firstFooter>end</firstFooter></headerFooter><customProperties><customPr name="own" r:id="r9"/></customProperties>
        <ignoredErrors><ignoredError sqref="A1"/></ignoredErrors><oleObjects><oleObject progId="Word" link="elsewhere"/></oleObjects>
        <controls><control name="Button"><controlPr macro="run" altText="press"/></control></controls><webPublishItems><webPublishItem
        title="page" sourceObject="chart" destinationFile="where"/></webPublishItems><extLst><ext uri="{E}"><x14:sparklines><xm:f>Plan!B1</xm:f>
        </x14:sparklines></ext></extLst></worksheet>"#,
    ),
    (
        "xl/sharedStrings.xml",
        r#"<sst count="one"><si><r><rPr><rFont val="Serif"/></rPr><t>shared</t></r><rPh sb="0"><t>reading</t></rPh></si><si><t>unused</t></si>
        text</sst>"#,
    ),
    (
        "xl/styles.xml",
        r#"<styleSheet><numFmts><numFmt numFmtId="164" formatCode="0 &quot;kg&quot;"/></numFmts><fonts><font><name val="Face"/></font></fonts>
        <cellXfs><xf fontId="0"/></cellXfs><cellStyles><cellStyle name="House"/></cellStyles><tableStyles defaultTableStyle="Medium">
        <tableStyle name="Own"/></tableStyles></styleSheet>"#,
    ),
    (
        "xl/tables/table1.xml",
        r#"<table name="Table" displayName="Shown" comment="why" ref="A1:B2"><tableColumns><tableColumn name="column" totalsRowLabel="sum">
        <calculatedColumnFormula>A1*2</calculatedColumnFormula></tableColumn></tableColumns></table>"#,
    ),
    (
        "xl/comments1.xml",
        r#"<comments><authors><author>writer</author></authors><commentList><comment ref="A1" authorId="0" shapeId="s"><text><r><rPr>
        <rFont val="Face"/></rPr><t>said</t></r></text></comment></commentList>text</comments>"#,
    ),
    (
        "xl/threadedComments/threadedComment1.xml",
        r#"<ThreadedComments><threadedComment ref="A1" personId="{P}" id="{I}"><text>answer</text><mentions><mention mentionpersonId="{Q}"/>
        </mentions></threadedComment></ThreadedComments>"#,
    ),
    (
        "xl/persons/person.xml",
        r#"<personList><person displayName="person" userId="user" providerId="AD"/>text</personList>"#,
    ),
    (
        "xl/connections.xml",
        r#"<connections><connection name="link" description="what" sourceFile="file"><dbPr connection="Server" command="SELECT"/><webPr url="page"
        post="data"/><textPr sourceFile="csv"/></connection></connections>"#,
    ),
    (
        "xl/queryTables/queryTable1.xml",
        r#"<queryTable name="query"><queryTableFields><queryTableField name="field"/></queryTableFields></queryTable>"#,
    ),
    (
        "xl/pivotCache/pivotCacheDefinition1.xml",
        r#"<pivotCacheDefinition refreshedBy="who"><cacheSource><worksheetSource ref="A1:A2" sheet="Source" name="named"/></cacheSource>
        <cacheFields><cacheField name="key" caption="shown" formula="a+b"><sharedItems><s v="item"/></sharedItems></cacheField></cacheFields>
        </pivotCacheDefinition>"#,
    ),
    (
        "xl/pivotTables/pivotTable1.xml",
        r#"<pivotTableDefinition name="pivot" grandTotalCaption="all"><dataFields><dataField name="sum of"/></dataFields></pivotTableDefinition>"#,
    ),
    ("xl/slicers/slicer1.xml", r#"<slicers><slicer name="slice" caption="cut"/></slicers>"#),
    (
        "xl/drawings/drawing1.xml",
        r#"<xdr:wsDr><xdr:sp macro="run" textlink="A1"><xdr:nvSpPr><xdr:cNvPr id="1" name="Shape" descr="about" title="head"/></xdr:nvSpPr>
        <xdr:txBody><a:p><a:r><a:t>on the sheet</a:t></a:r></a:p></xdr:txBody></xdr:sp></xdr:wsDr>"#,
    ),
    (
        "xl/drawings/vmlDrawing1.vml",
        r#"<xml><v:shape alt="old"><v:textbox>box</v:textbox><x:ClientData ObjectType="Note"><x:FmlaMacro>run</x:FmlaMacro></x:ClientData></v:shape></xml>"#,
    ),
    (
        "xl/externalLinks/externalLink1.xml",
        r#"<externalLink><externalBook><sheetNames><sheetName val="Theirs"/></sheetNames></externalBook><ddeLink ddeService="serve" ddeTopic="topic"/></externalLink>"#,
    ),
    (
        "xl/revisions/revisionLog1.xml",
        r#"<revisions><rcc rId="one"><nc r="A1" t="inlineStr"><is><t>newer</t></is></nc></rcc></revisions>"#,
    ),
    ("xl/revisions/userNames.xml", r#"<users><userInfo name="who"/></users>"#),
];

/// A presentation with sections, shows, tags, masters, comments of both kinds and animations.
pub const PRESENTATION: Parts = &[
    (
        "[Content_Types].xml",
        "<Types><Default Extension=\"xml\" ContentType=\"application/xml\"/></Types>",
    ),
    (
        "ppt/presentation.xml",
        r#"<p:presentation><p:sldIdLst><p:sldId id="256" r:id="r1"/></p:sldIdLst><p:sldSz cx="9144000" cy="6858000" type="screen"/>
        <p:custShowLst><p:custShow name="show"/></p:custShowLst><p:photoAlbum layout="fit"/><p:kinsoku invalStChars="stop"/>
        <p:modifyVerifier hashValue="abcd"/><p:extLst><p:ext uri="{S}"><p14:sectionLst><p14:section name="section"/></p14:sectionLst></p:ext>
        </p:extLst></p:presentation>"#,
    ),
    (
        "ppt/slides/slide1.xml",
        r#"<p:sld><!--by hand--><p:cSld name="slide"><p:spTree><p:nvGrpSpPr><p:cNvPr id="1" name="tree"/></p:nvGrpSpPr><p:sp><p:nvSpPr><p:cNvPr
        id="2" name="Box" descr="about" title="head"><a:hlinkClick r:id="r2" tooltip="tip" action="do"/></p:cNvPr><p:nvPr><p:ph type="body"/>
        <p:custDataLst><p:tags r:id="r3"/></p:custDataLst></p:nvPr></p:nvSpPr><p:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="10" cy="10"/></a:xfrm>
        <a:prstGeom prst="rect"/></p:spPr><p:txBody><a:p><a:pPr><a:buFont typeface="Face"/><a:buChar char="--"/></a:pPr><a:r><a:rPr lang="en-GB"
        bmk="mark"/><a:t>seen</a:t></a:r><a:fld id="{F}" type="datetime"><a:t>today</a:t></a:fld></a:p></p:txBody></p:sp><p:graphicFrame>
        <p:nvGraphicFramePr><p:cNvPr name="Grid"/></p:nvGraphicFramePr><a:tbl><a:tblPr><a:tableStyleId>{T}</a:tableStyleId></a:tblPr><a:tr><a:tc>
        <a:txBody><a:p><a:r><a:t>in a cell</a:t></a:r></a:p></a:txBody></a:tc></a:tr></a:tbl></p:graphicFrame><p:pic><p:nvPicPr><p:cNvPr name="Film"/>
        <p:nvPr><a:videoFile r:link="r5"/><p14:media><p14:bmkLst><p14:bmk name="cut"/></p14:bmkLst></p14:media></p:nvPr></p:nvPicPr></p:pic>
        <p:contentPart r:id="ink"/></p:spTree><p:controls><p:control name="Button"/></p:controls></p:cSld><p:timing><p:cTn nodeType="seq"><p:cmd
        type="call" cmd="play"/><p:attrName>style.color</p:attrName><p:strVal val="red"/></p:cTn></p:timing></p:sld>"#,
    ),
    (
        "ppt/slides/_rels/slide1.xml.rels",
        r#"<Relationships><Relationship Id="r2" Type="x/hyperlink" Target="https://example.com" TargetMode="External"/></Relationships>"#,
    ),
    (
        "ppt/notesSlides/notesSlide1.xml",
        r#"<p:notes><p:sp><p:nvSpPr><p:cNvPr name="Notes"/></p:nvSpPr><p:txBody><a:p><a:r><a:t>said</a:t></a:r></a:p></p:txBody></p:sp></p:notes>"#,
    ),
    (
        "ppt/slideLayouts/slideLayout1.xml",
        r#"<p:sldLayout matchingName="match"><p:cSld name="Layout"><p:sp><p:txBody><a:p><a:r><a:t>prompt</a:t></a:r></a:p></p:txBody></p:sp></p:cSld></p:sldLayout>"#,
    ),
    (
        "ppt/slideMasters/slideMaster1.xml",
        r#"<p:sldMaster><p:cSld name="Master"/><p:hf dt="no"/></p:sldMaster>"#,
    ),
    ("ppt/tags/tag1.xml", r#"<p:tagLst><p:tag name="KEY" val="value"/></p:tagLst>"#),
    (
        "ppt/commentAuthors.xml",
        r#"<p:cmAuthorLst><p:cmAuthor id="0" name="writer" initials="wr"/>text</p:cmAuthorLst>"#,
    ),
    (
        "ppt/authors.xml",
        r#"<p188:authorLst><p188:author id="{A}" name="later" userId="user" providerId="AD"/></p188:authorLst>"#,
    ),
    (
        "ppt/comments/comment1.xml",
        r#"<p:cmLst><p:cm authorId="0"><p:pos x="10" y="10"/><p:text>old remark</p:text></p:cm></p:cmLst>"#,
    ),
    (
        "ppt/comments/modernComment_1.xml",
        r#"<p188:cmLst><p188:cm id="{C}" authorId="{A}"><p188:txBody><a:p><a:r><a:t>remark</a:t></a:r></a:p></p188:txBody></p188:cm></p188:cmLst>"#,
    ),
    ("ppt/presProps.xml", r#"<p:presentationPr><p:htmlPubPr title="page"/></p:presentationPr>"#),
    ("ppt/viewProps.xml", r#"<p:viewPr lastView="sldView"/>"#),
    (
        "ppt/tableStyles.xml",
        r#"<a:tblStyleLst def="{T}"><a:tblStyle styleId="{U}" styleName="House"/></a:tblStyleLst>"#,
    ),
    ("ppt/revisionInfo.xml", r#"<p1510:revInfo><p1510:client id="{R}" v="one"/></p1510:revInfo>"#),
    (
        "ppt/changesInfos/changesInfo1.xml",
        r#"<pc:chgInfo><pc:docChgLst><pc:chgData name="who" userId="user" providerId="AD"/></pc:docChgLst></pc:chgInfo>"#,
    ),
    (
        "ppt/diagrams/drawing1.xml",
        r#"<dsp:drawing><dsp:sp modelId="m"><dsp:txBody><a:p><a:r><a:t>drawn</a:t></a:r></a:p></dsp:txBody></dsp:sp></dsp:drawing>"#,
    ),
];
