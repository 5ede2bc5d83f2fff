import { FileUp } from 'lucide-react';
import { FileTrigger } from 'react-aria-components';
import { Button } from './button.tsx';

/** Opens a text file from this laptop or a stick. */
export function FilePick(p: {
  readonly label: string;
  readonly accept: string;
  readonly onText: (text: string, fileName: string) => void;
}) {
  const open = async (files: FileList | null) => {
    const file = files?.[0];
    if (file) p.onText(await file.text(), file.name);
  };
  return (
    <div>
      <FileTrigger acceptedFileTypes={p.accept.split(',')} onSelect={(files) => void open(files)}>
        <Button look="line">
          <FileUp aria-hidden />
          {p.label}
        </Button>
      </FileTrigger>
    </div>
  );
}
